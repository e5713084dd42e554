#pragma once
// The resize of each input profile. Private to the room; callers use to_input().

#include <array>
#include <cstdint>
#include <span>

#include "pool3/image.hpp"

namespace pool3::image {

/// What each byte of a picture becomes.
using ByteTable = std::array<float, 256>;

/// Which source coordinate belongs to output pixel i, in float32.
enum class Corners : std::uint8_t {
  aligned,  ///< i * (in - 1) / (out - 1): the corner pixels of source and target coincide
  legacy,   ///< i * in / out: TensorFlow's default of 2015, without half-pixel centres
};

/// TensorFlow's resize_bilinear to 299 x 299: bytes become floats by `table`, then they are interpolated, along x
/// first. No antialias.
void resize_tensorflow(const Image& picture, Corners corners, const ByteTable& table, std::span<float> out);

/// One axis of a resize: `size` pixels, of which the network gets 299 from `first` on.
struct TargetAxis {
  std::int64_t size = input_side;
  std::int64_t first = 0;
};

/// Pillow's resize with BILINEAR to x.size x y.size, and of that the window at (x.first, y.first): the same bytes as
/// Pillow's, which become floats by `table`. Only the window is computed.
void resize_pillow(const Image& picture, TargetAxis x, TargetAxis y, const ByteTable& table, std::span<float> out);

}  // namespace pool3::image
