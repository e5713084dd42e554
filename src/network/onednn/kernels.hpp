#pragma once
// What is not a convolution, on bf16 activations in NHWC. One picture a call; nothing allocates.

#include <cstdint>
#include <vector>

namespace pool3::onednn {

/// bfloat16 as its bits: the upper half of a float.
using Bf16 = std::uint16_t;

/// A picture's activations: [height, width, channels], rows of `stride` values (>= channels).
struct View {
  Bf16* data;
  int height, width, channels;
  int stride;
};

/// Rounds to nearest, ties to even.
void to_bf16(const float* from, Bf16* to, std::int64_t count);

/// to[p, 0 .. to.channels) = relu(from[p, first .. first + to.channels)) for every position p.
void relu_slice(const View& from, int first, const View& to);
/// to = from, position by position.
void copy(const View& from, const View& to);

/// 3 x 3 maximum. `stride` 2: no padding; 1: padded, same size. REQUIRES: no value is negative.
void max_pool(const View& from, int stride, const View& to);

/// relu(average of 3 x 3 over channels first .. first + to.channels, + bias), padded, same size. The average of a
/// convolution 1x1 is the convolution of the average, so the pool branches pool after their convolution, on fewer
/// channels. `count_padding`: divide by 9 everywhere, not by the number of positions inside.
void average_pool(const View& from, int first, const float* bias, bool count_padding, const View& to);

/// out[c] = mean over all positions, summed in float.
void spatial_mean(const View& from, float* out);

/// [channels, height, width] floats.
[[nodiscard]] std::vector<float> to_planes(const View& view);

}  // namespace pool3::onednn
