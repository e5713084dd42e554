#pragma once
// Empty pictures, for decoders to fill. Private to the room.

#include <cstdint>

#include "pool3/image.hpp"

namespace pool3::image {

/// Throws ImageError (too_large; corrupt for a side of zero or less).
/// No picture has more, whatever the limit is: so products with it are no larger than a std::int64_t.
inline constexpr std::int64_t most_pixels = std::int64_t{1} << 56;
void check_pixel_limit(std::int64_t width, std::int64_t height, std::int64_t max_pixels);

/// An RGB picture of this size, all zero.
[[nodiscard]] Image blank(std::int64_t width, std::int64_t height);
/// The same, all white.
[[nodiscard]] Image white(std::int64_t width, std::int64_t height);

}  // namespace pool3::image
