#pragma once
// How a picture is meant to be seen: finding its orientation in EXIF or XMP, and turning it.

#include <cstddef>
#include <span>

#include "pool3/image.hpp"

namespace pool3::image {

/// The orientation, 1..8, in an EXIF block, with or without its leading "Exif\0\0". 0 where the block has none, or is
/// damaged: a bad block does not make a bad picture.
[[nodiscard]] int exif_orientation(std::span<const std::byte> block);

/// The same of an XMP packet, which is XML: of tiff:Orientation, as attribute or as element.
[[nodiscard]] int xmp_orientation(std::span<const std::byte> packet);

/// Of what was found in EXIF and in XMP: EXIF's goes first, as in Pillow; 1 (as stored) where neither has one.
[[nodiscard]] constexpr int orientation_of(int exif, int xmp) {
  if (exif != 0) return exif;
  return xmp != 0 ? xmp : 1;
}

/// The picture as it is meant to be seen. REQUIRES: 1 <= orientation <= 8.
[[nodiscard]] Image oriented(Image picture, int orientation);

}  // namespace pool3::image
