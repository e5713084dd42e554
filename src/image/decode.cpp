#include <algorithm>
#include <array>
#include <string>
#include <string_view>
#include <utility>

#include "image/exif.hpp"
#include "image/formats/decoders.hpp"

namespace pool3 {
namespace image {
namespace {

using Decoder = Decoded (*)(Bytes bytes, const DecodeOptions& options);

/// A format, by the bytes at `at`. `decoder` is null for one that is known by name only, for the message.
struct Format {
  std::string_view name;
  std::string_view magic;
  std::size_t at = 0;
  Decoder decoder = nullptr;
};

constexpr std::string_view classic_ii{"II*\0", 4}, classic_mm{"MM\0*", 4};  // TIFF in either byte order
constexpr std::string_view big_ii{"II+\0", 4}, big_mm{"MM\0+", 4};          // BigTIFF

/// "WEBP" follows RIFF's size, so that it is looked for first.
constexpr std::array formats = {Format{"JPEG", "\xFF\xD8\xFF", 0, decode_jpeg},
                                Format{"PNG", "\x89PNG", 0, decode_png},
                                Format{"WebP", "WEBP", 8, decode_webp},
                                Format{"GIF", "GIF87a", 0, decode_gif},
                                Format{"GIF", "GIF89a", 0, decode_gif},
                                Format{"BMP", "BM", 0, decode_bmp},
                                Format{"TIFF", classic_ii, 0, decode_tiff},
                                Format{"TIFF", classic_mm, 0, decode_tiff},
                                Format{"TIFF", big_ii, 0, decode_tiff},
                                Format{"TIFF", big_mm, 0, decode_tiff},
                                Format{"AVIF", "ftypavif", 4},
                                Format{"HEIC", "ftyphei", 4},
                                Format{"JPEG XL", "\xFF\x0A"},
                                Format{"JPEG 2000", "jP  ", 4},
                                Format{"SVG or XML", "<svg"},
                                Format{"SVG or XML", "<?xml"},
                                Format{"HTML", "<!DOCTYPE"},
                                Format{"HTML", "<html"}};

bool matches(Bytes bytes, const Format& format) {
  if (bytes.size() < format.at + format.magic.size()) return false;
  return std::equal(format.magic.begin(), format.magic.end(), bytes.begin() + static_cast<std::ptrdiff_t>(format.at),
                    [](char c, std::byte b) { return static_cast<std::byte>(c) == b; });
}

/// What recycle() was given. Fresh memory of this size costs about as much again as filling it.
thread_local std::vector<std::uint8_t> spare;
constexpr std::size_t most_spare_bytes = std::size_t{64} << 20;

Image filled(std::int64_t width, std::int64_t height, std::uint8_t value) {
  Image picture{width, height, std::exchange(spare, {})};
  picture.pixels.assign(static_cast<std::size_t>(width * height * 3), value);
  return picture;
}

Decoded decode_any(Bytes bytes, const DecodeOptions& options) {
  if (bytes.empty()) throw ImageError(RowStatus::empty, "the file has no bytes");
  const auto* format = std::ranges::find_if(formats, [&](const Format& f) { return matches(bytes, f); });
  if (format != formats.end() && format->decoder != nullptr) return format->decoder(bytes, options);
  const std::string found = format == formats.end() ? "not a picture" : "a file of type " + std::string(format->name);
  throw ImageError(RowStatus::unknown_format, found + "; JPEG, PNG, WebP, GIF, BMP and TIFF are read");
}

}  // namespace

void check_pixel_limit(std::int64_t width, std::int64_t height, std::int64_t max_pixels) {
  // Divided rather than multiplied: the sides come from the file.
  if (width <= 0 || height <= 0) throw ImageError(RowStatus::corrupt, "the picture has no pixels");
  if (width <= max_pixels / height) return;
  throw ImageError(RowStatus::too_large, std::to_string(width) + " x " + std::to_string(height) +
                                             " pixels are more than the limit of " + std::to_string(max_pixels));
}

Image blank(std::int64_t width, std::int64_t height) { return filled(width, height, 0); }

Image white(std::int64_t width, std::int64_t height) { return filled(width, height, 255); }

}  // namespace image

std::int64_t largest_file(const DecodeOptions& options) {
  constexpr std::int64_t most_pixels = std::int64_t{1} << 56;
  return 8 * std::min(options.max_pixels, most_pixels) + (std::int64_t{64} << 20);
}

void recycle(Image picture) {
  if (picture.pixels.capacity() <= image::most_spare_bytes) image::spare = std::move(picture.pixels);
}

Image decode(std::span<const std::byte> bytes, const DecodeOptions& options) {
  image::Decoded decoded = image::decode_any(bytes, options);
  if (!options.apply_orientation) return std::move(decoded.picture);
  return image::oriented(std::move(decoded.picture), decoded.orientation);
}

}  // namespace pool3
