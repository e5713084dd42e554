#include "image/canvas.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "image/free_memory.hpp"

namespace pool3 {
namespace image {
namespace {

/// What recycle() was given. Fresh memory of this size costs about as much again as filling it.
thread_local std::vector<std::uint8_t> spare;
/// What decode() takes at most, by measurement.
constexpr std::int64_t bytes_of_pixel = 11;
constexpr std::size_t most_spare_bytes = std::size_t{64} << 20;

Image filled(std::int64_t width, std::int64_t height, std::uint8_t value) {
  Image picture{width, height, std::exchange(spare, {})};
  picture.pixels.assign(static_cast<std::size_t>(width * height * 3), value);
  return picture;
}

/// Beyond the usual limit a picture can take all memory, and then the system ends the job.
void check_memory(std::int64_t pixels) {
  if (pixels <= DecodeOptions{}.max_pixels) return;
  const std::int64_t needed = pixels * bytes_of_pixel;
  const std::int64_t free = free_memory();
  if (needed > free)
    throw ImageError(RowStatus::too_large, fmt::format("{} pixels may take {} MiB of memory, and {} MiB are free",
                                                       pixels, needed >> 20, free >> 20));
}

}  // namespace

void check_pixel_limit(std::int64_t width, std::int64_t height, std::int64_t max_pixels) {
  // Divided rather than multiplied: the sides come from the file.
  if (width <= 0 || height <= 0) throw ImageError(RowStatus::corrupt, "the picture has no pixels");
  if (width > std::min(max_pixels, most_pixels) / height)
    throw ImageError(RowStatus::too_large, fmt::format("{} x {} pixels are more than the limit of {} (--max-pixels)",
                                                       width, height, max_pixels));
  check_memory(width * height);
}

Image blank(std::int64_t width, std::int64_t height) { return filled(width, height, 0); }

Image white(std::int64_t width, std::int64_t height) { return filled(width, height, 255); }

}  // namespace image

void recycle(Image picture) {
  if (picture.pixels.capacity() <= image::most_spare_bytes) image::spare = std::move(picture.pixels);
}

}  // namespace pool3
