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

/// Both throw ImageError: corrupt, too_large.
[[nodiscard]] Decoded decode_jpeg(Bytes bytes, std::int64_t max_pixels);
[[nodiscard]] Decoded decode_png(Bytes bytes, std::int64_t max_pixels);

/// Throws ImageError (too_large). Called with the header's size, before memory is taken.
void check_pixel_limit(std::int64_t width, std::int64_t height, std::int64_t max_pixels);

/// An RGB picture of this size, all zero.
[[nodiscard]] Image blank(std::int64_t width, std::int64_t height);

}  // namespace pool3::image
