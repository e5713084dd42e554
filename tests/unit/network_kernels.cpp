#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>
#include <random>
#include <vector>

#include "network/onednn/kernels.hpp"

namespace pool3::onednn {
namespace {

float widen(Bf16 value) { return std::bit_cast<float>(static_cast<std::uint32_t>(value) << 16U); }

/// The nearest bf16 by trying both neighbours, in double.
Bf16 nearest(float value) {
  const auto below = static_cast<Bf16>(std::bit_cast<std::uint32_t>(value) >> 16U);
  const auto above = static_cast<Bf16>(below + 1);
  const double to_below = std::abs(static_cast<double>(value) - static_cast<double>(widen(below)));
  const double to_above = std::abs(static_cast<double>(value) - static_cast<double>(widen(above)));
  if (to_below == to_above) return (below & 1U) == 0 ? below : above;
  return to_below < to_above ? below : above;
}

std::vector<float> random_floats(std::size_t n, float low, float high) {
  std::mt19937 random(3);
  std::uniform_real_distribution<float> uniform(low, high);
  std::vector<float> values(n);
  std::generate(values.begin(), values.end(), [&] { return uniform(random); });
  return values;
}

/// A picture of 7 x 5 positions and 48 channels inside rows of 60.
struct Picture {
  static constexpr int height = 7, width = 5, channels = 48, stride = 60;
  std::vector<Bf16> values;
  Picture(float low, float high) : values(static_cast<std::size_t>(height * width * stride)) {
    const auto floats = random_floats(values.size(), low, high);
    to_bf16(floats.data(), values.data(), static_cast<std::int64_t>(values.size()));
  }
  View view() { return {values.data(), height, width, channels, stride}; }
  [[nodiscard]] float at(int y, int x, int c) const {
    return widen(values[static_cast<std::size_t>((y * width + x) * stride + c)]);
  }
};

TEST(Kernels, RoundToNearestEven) {
  auto floats = random_floats(5000, -3, 3);
  floats.insert(floats.end(), {0.0F, -0.0F, 1.00390625F, 1.01171875F, 3.0e38F, 1e-40F});  // two ties among them
  std::vector<Bf16> out(floats.size());
  to_bf16(floats.data(), out.data(), static_cast<std::int64_t>(out.size()));
  for (std::size_t i = 0; i < out.size(); ++i) EXPECT_EQ(out[i], nearest(floats[i])) << floats[i];
  const float nan = std::numeric_limits<float>::quiet_NaN();
  to_bf16(&nan, out.data(), 1);
  EXPECT_TRUE(std::isnan(widen(out[0])));
}

TEST(Kernels, ReluOfASlice) {
  Picture from(-1, 1);
  std::vector<Bf16> target(7 * 5 * 20, 0x7fffU);
  relu_slice(from.view(), 9, {target.data(), 7, 5, 16, 20});
  for (int p = 0; p < 35; ++p) {
    for (int c = 0; c < 16; ++c)
      EXPECT_EQ(widen(target[static_cast<std::size_t>(p * 20 + c)]), std::max(from.at(p / 5, p % 5, 9 + c), 0.0F));
    for (int c = 16; c < 20; ++c) EXPECT_EQ(target[static_cast<std::size_t>(p * 20 + c)], 0x7fffU);  // not touched
  }
}

TEST(Kernels, MaxPoolHalvesOrKeepsTheSize) {
  Picture from(0, 1);
  for (const int stride : {1, 2}) {
    const int height = stride == 2 ? 3 : 7, width = stride == 2 ? 2 : 5, pad = stride == 2 ? 0 : 1;
    std::vector<Bf16> target(static_cast<std::size_t>(height * width * 48));
    max_pool(from.view(), stride, {target.data(), height, width, 48, 48});
    for (int y = 0; y < height; ++y)
      for (int x = 0; x < width; ++x)
        for (int c = 0; c < 48; ++c) {
          float most = 0;
          for (int sy = y * stride - pad; sy < y * stride - pad + 3; ++sy)
            for (int sx = x * stride - pad; sx < x * stride - pad + 3; ++sx)
              if (sy >= 0 && sx >= 0 && sy < 7 && sx < 5) most = std::max(most, from.at(sy, sx, c));
          EXPECT_EQ(widen(target[static_cast<std::size_t>((y * width + x) * 48 + c)]), most);
        }
  }
}

TEST(Kernels, AveragePoolWithBothKindsOfPadding) {
  Picture from(-1, 1);
  const auto bias = random_floats(32, -0.2F, 0.2F);
  for (const bool count_padding : {false, true}) {
    std::vector<Bf16> target(7 * 5 * 32);
    average_pool(from.view(), 16, bias.data(), count_padding, {target.data(), 7, 5, 32, 32});
    for (int y = 0; y < 7; ++y)
      for (int x = 0; x < 5; ++x)
        for (int c = 0; c < 32; ++c) {
          double sum = 0, inside = 0;
          for (int sy = std::max(y - 1, 0); sy < std::min(y + 2, 7); ++sy)
            for (int sx = std::max(x - 1, 0); sx < std::min(x + 2, 5); ++sx) {
              sum += static_cast<double>(from.at(sy, sx, 16 + c));
              inside += 1;
            }
          const double expected = std::max(
              0.0, sum / (count_padding ? 9 : inside) + static_cast<double>(bias[static_cast<std::size_t>(c)]));
          EXPECT_NEAR(widen(target[static_cast<std::size_t>((y * 5 + x) * 32 + c)]), expected, 0.004 * expected + 1e-6);
        }
  }
}

TEST(Kernels, SpatialMean) {
  Picture from(0, 2);
  std::vector<float> mean(48);
  spatial_mean(from.view(), mean.data());
  for (int c = 0; c < 48; ++c) {
    double sum = 0;
    for (int p = 0; p < 35; ++p) sum += static_cast<double>(from.at(p / 5, p % 5, c));
    EXPECT_NEAR(mean[static_cast<std::size_t>(c)], sum / 35, 1e-5);
  }
}

}  // namespace
}  // namespace pool3::onednn
