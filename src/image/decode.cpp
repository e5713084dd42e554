#include <algorithm>
#include <string>
#include <string_view>
#include <utility>

#include "image/decoders.hpp"
#include "image/exif.hpp"

namespace pool3 {
namespace image {
namespace {

bool starts_with(Bytes bytes, std::string_view magic, std::size_t at = 0) {
  if (bytes.size() < at + magic.size()) return false;
  return std::equal(magic.begin(), magic.end(), bytes.begin() + static_cast<std::ptrdiff_t>(at),
                    [](char c, std::byte b) { return static_cast<std::byte>(c) == b; });
}

/// What bytes that are neither JPEG nor PNG look like, for the message alone.
std::string_view name_of_other(Bytes bytes) {
  if (starts_with(bytes, "RIFF") && starts_with(bytes, "WEBP", 8)) return "WebP";
  if (starts_with(bytes, "GIF8")) return "GIF";
  if (starts_with(bytes, "BM")) return "BMP";
  if (starts_with(bytes, {"II*\0", 4}) || starts_with(bytes, {"MM\0*", 4})) return "TIFF";
  if (starts_with(bytes, "ftypavif", 4)) return "AVIF";
  if (starts_with(bytes, "ftyphei", 4)) return "HEIC";
  if (starts_with(bytes, "<svg") || starts_with(bytes, "<?xml")) return "SVG or XML";
  if (starts_with(bytes, "<!DOCTYPE") || starts_with(bytes, "<html")) return "HTML";
  return {};
}

[[noreturn]] void refuse_format(Bytes bytes) {
  const std::string_view other = name_of_other(bytes);
  const std::string found = other.empty() ? "not a picture" : "a file of type " + std::string(other);
  throw ImageError(RowStatus::unknown_format, found + "; JPEG and PNG are read");
}

Decoded decode_any(Bytes bytes, std::int64_t max_pixels) {
  if (bytes.empty()) throw ImageError(RowStatus::empty, "the file has no bytes");
  if (starts_with(bytes, "\xFF\xD8\xFF")) return decode_jpeg(bytes, max_pixels);
  if (starts_with(bytes, "\x89PNG")) return decode_png(bytes, max_pixels);
  refuse_format(bytes);
}

}  // namespace

void check_pixel_limit(std::int64_t width, std::int64_t height, std::int64_t max_pixels) {
  // Divided rather than multiplied: the sides come from the file.
  if (width <= 0 || height <= 0) throw ImageError(RowStatus::corrupt, "the picture has no pixels");
  if (width <= max_pixels / height) return;
  throw ImageError(RowStatus::too_large, std::to_string(width) + " x " + std::to_string(height) +
                                             " pixels are more than the limit of " + std::to_string(max_pixels));
}

Image blank(std::int64_t width, std::int64_t height) {
  return {width, height, std::vector<std::uint8_t>(static_cast<std::size_t>(width * height * 3))};
}

}  // namespace image

Image decode(std::span<const std::byte> bytes, const DecodeOptions& options) {
  image::Decoded decoded = image::decode_any(bytes, options.max_pixels);
  if (!options.apply_orientation) return std::move(decoded.picture);
  return image::oriented(std::move(decoded.picture), decoded.orientation);
}

}  // namespace pool3
