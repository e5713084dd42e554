#include "image/canvas.hpp"

#include <fmt/format.h>

#include <utility>

namespace pool3 {
namespace image {
namespace {

/// What recycle() was given. Fresh memory of this size costs about as much again as filling it.
thread_local std::vector<std::uint8_t> spare;
constexpr std::size_t most_spare_bytes = std::size_t{64} << 20;

Image filled(std::int64_t width, std::int64_t height, std::uint8_t value) {
  Image picture{width, height, std::exchange(spare, {})};
  picture.pixels.assign(static_cast<std::size_t>(width * height * 3), value);
  return picture;
}

}  // namespace

void check_pixel_limit(std::int64_t width, std::int64_t height, std::int64_t max_pixels) {
  // Divided rather than multiplied: the sides come from the file.
  if (width <= 0 || height <= 0) throw ImageError(RowStatus::corrupt, "the picture has no pixels");
  if (width <= max_pixels / height) return;
  throw ImageError(RowStatus::too_large,
                   fmt::format("{} x {} pixels are more than the limit of {}", width, height, max_pixels));
}

Image blank(std::int64_t width, std::int64_t height) { return filled(width, height, 0); }

Image white(std::int64_t width, std::int64_t height) { return filled(width, height, 255); }

}  // namespace image

void recycle(Image picture) {
  if (picture.pixels.capacity() <= image::most_spare_bytes) image::spare = std::move(picture.pixels);
}

}  // namespace pool3
