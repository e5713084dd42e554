#pragma once
// Are two small pictures one, but for size, compression, or a strip of its edge?

#include <cstdint>
#include <span>

#include "pool3/audit.hpp"

namespace pool3::audit {

/// A small picture, [side, side, 3] RGB.
using Pixels = std::span<const std::uint8_t>;

/// Cells along a side: the means of 3 x 3 pixels are compared. Noise of compression and of scaling is gone in these.
inline constexpr std::int64_t cells = SmallPictures::side / 3;
/// How far a picture's means over cells are from their own mean, as a root of squares; of 255. Never below 3, which
/// nobody sees.
[[nodiscard]] double contrast(Pixels picture);

/// What is left once one picture was laid on the other, of means over cells.
struct Rest {
  double largest = 0;  ///< of 255
  double usual = 0;    ///< root of the mean square
};
/// Each axis of a picture is moved and stretched by at most 6 %, as the least squares have it. Of both ways round, the
/// better one. Symmetric. REQUIRES: both have side x side pixels.
[[nodiscard]] Rest rest(Pixels a, Pixels b);

/// Nothing larger is left of near copies, of 255.
inline constexpr double largest_rest = near_picture_limit * 255;
/// Whether what is left is that of near copies: small beside the contrast of both.
[[nodiscard]] bool is_near(const Rest& rest, double least_contrast);

/// Numbers of a sketch, the means over 4 x 4 pixels, which pictures that may be near are found by.
inline constexpr std::int64_t sketch_side = SmallPictures::side / 4, sketch_size = sketch_side * sketch_side * 3;
void sketch(Pixels picture, std::span<float> out);
/// Near copies are not farther apart, as sketches, than so much of the contrast: the root of the mean square.
inline constexpr double sketch_reach = 0.4;

}  // namespace pool3::audit
