#pragma once
// Run-length coded pixels of BMP files. Private to the room.

#include "image/formats/bmp/header.hpp"

namespace pool3::image {

/// REQUIRES: the coding is rle8 or rle4. Throws ImageError (corrupt).
[[nodiscard]] Image decode_bmp_runs(const BmpHeader& header);

}  // namespace pool3::image
