#pragma once
// EXIF orientation: finding it, and turning a picture by it.

#include <cstddef>
#include <span>

#include "pool3/image.hpp"

namespace pool3::image {

/// The orientation, 1..8, in an EXIF block, with or without its leading "Exif\0\0". 1 (as stored) where the block
/// has none, or is damaged: a bad block does not make a bad picture.
[[nodiscard]] int exif_orientation(std::span<const std::byte> block);

/// The picture as it is meant to be seen. REQUIRES: 1 <= orientation <= 8.
[[nodiscard]] Image oriented(Image picture, int orientation);

}  // namespace pool3::image
