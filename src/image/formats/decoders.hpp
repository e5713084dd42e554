#pragma once
// The decoder of each format. Private to the room; callers use decode().

#include <cstddef>
#include <cstdint>
#include <span>

#include "pool3/image.hpp"

namespace pool3::image {

using Bytes = std::span<const std::byte>;

/// What a decoder gives: the picture as stored, and how to turn it (EXIF's 1..8).
struct Decoded {
  Image picture;
  int orientation = 1;
};

/// All throw ImageError: corrupt, too_large, and unknown_format for a variety that is not read. All compare the
/// header's size with `max_pixels` before they take memory.
[[nodiscard]] Decoded decode_jpeg(Bytes bytes, const DecodeOptions& options);
[[nodiscard]] Decoded decode_png(Bytes bytes, const DecodeOptions& options);
[[nodiscard]] Decoded decode_webp(Bytes bytes, const DecodeOptions& options);
[[nodiscard]] Decoded decode_gif(Bytes bytes, const DecodeOptions& options);
[[nodiscard]] Decoded decode_bmp(Bytes bytes, const DecodeOptions& options);
[[nodiscard]] Decoded decode_tiff(Bytes bytes, const DecodeOptions& options);

/// Throws ImageError (too_large; corrupt for a side of zero or less).
void check_pixel_limit(std::int64_t width, std::int64_t height, std::int64_t max_pixels);

/// An RGB picture of this size, all zero.
[[nodiscard]] Image blank(std::int64_t width, std::int64_t height);
/// The same, all white.
[[nodiscard]] Image white(std::int64_t width, std::int64_t height);

}  // namespace pool3::image
