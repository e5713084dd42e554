#pragma once
// Orientation in the texts of a PNG file, where programs put it before PNG had a chunk for EXIF. Private to the room.

#include "image/formats/decoders.hpp"

namespace pool3::image {

/// The orientation, 1..8, in a raw profile as ImageMagick and exiftool write it (EXIF or XMP in hex digits), or in an
/// XMP packet. 1 (as stored) where there is none; damaged texts do not count. REQUIRES: a PNG file that was decoded.
[[nodiscard]] int png_text_orientation(Bytes file);

}  // namespace pool3::image
