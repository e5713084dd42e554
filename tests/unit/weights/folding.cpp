#include "weights/folding.hpp"

#include <gtest/gtest.h>

#include <array>
#include <cmath>

namespace pool3::weights {
namespace {

// A kernel of 1 x 2 with 2 channels in and 3 out; value = 100 x + 10 in + out, with x the place along the width.
Tensor sample_kernel() {
  Tensor kernel = {.shape = {1, 2, 2, 3}, .values = {}};
  for (const float x : {0.0F, 100.0F}) {
    for (const float in : {0.0F, 10.0F}) {
      for (const float out : {0.0F, 1.0F, 2.0F}) kernel.values.push_back(x + in + out);
    }
  }
  return kernel;
}

constexpr std::array<float, 3> beta = {1, 2, 3};
constexpr std::array<float, 3> mean = {0, 10, -10};
constexpr std::array<float, 3> variance = {0.25F, 4, 16};

TEST(Fold, PutsOutputChannelsFirst) {
  constexpr std::array<float, 3> ones = {1, 1, 1};
  constexpr std::array<float, 3> zeros = {0, 0, 0};
  const auto folded =
      fold_batch_norm(sample_kernel(), {.gamma = {}, .beta = zeros, .mean = zeros, .variance = ones, .epsilon = 0});
  EXPECT_EQ(folded.weight.shape, (std::vector<std::int64_t>{3, 2, 1, 2}));
  EXPECT_EQ(folded.weight.values, (std::vector<float>{0, 100, 10, 110, 1, 101, 11, 111, 2, 102, 12, 112}));
  EXPECT_EQ(folded.bias.shape, (std::vector<std::int64_t>{3}));
  EXPECT_EQ(folded.bias.values, (std::vector<float>{0, 0, 0}));
}

// By hand: scales are gamma / sqrt(variance) = 2, 1/2, 1/4 without gamma.
TEST(Fold, ScalesByTheDeviation) {
  const auto folded =
      fold_batch_norm(sample_kernel(), {.gamma = {}, .beta = beta, .mean = mean, .variance = variance, .epsilon = 0});
  EXPECT_EQ(folded.weight.values, (std::vector<float>{0, 200, 20, 220, .5, 50.5, 5.5, 55.5, .5, 25.5, 3, 28}));
  EXPECT_EQ(folded.bias.values, (std::vector<float>{1, -3, 5.5}));
}

TEST(Fold, UsesGammaAndEpsilon) {
  constexpr std::array<float, 3> gamma = {2, 0, -1};
  const auto folded = fold_batch_norm(sample_kernel(),
                                      {.gamma = gamma, .beta = beta, .mean = mean, .variance = variance, .epsilon = 9});
  EXPECT_FLOAT_EQ(folded.weight.values[1], static_cast<float>(100 * 2 / std::sqrt(9.25)));
  EXPECT_EQ(folded.weight.values[5], 0.0F);
  EXPECT_EQ(folded.bias.values, (std::vector<float>{1, 2, 3 - 2}));  // sqrt(16 + 9) = 5
}

// The definition, computed the other way round: norm(convolution(x)) at one point.
TEST(Fold, EqualsConvolutionThenNorm) {
  const Tensor kernel = sample_kernel();
  const auto folded =
      fold_batch_norm(kernel, {.gamma = {}, .beta = beta, .mean = mean, .variance = variance, .epsilon = 1e-3});
  const std::array<double, 4> x = {0.3, -1.2, 0.7, 2.5};  // [place][channel]
  for (std::size_t out = 0; out < 3; ++out) {
    double before = 0;
    double after = static_cast<double>(folded.bias.values[out]);
    for (std::size_t place = 0; place < 2; ++place) {
      for (std::size_t in = 0; in < 2; ++in) {
        before += x[place * 2 + in] * static_cast<double>(kernel.values[(place * 2 + in) * 3 + out]);
        after += x[place * 2 + in] * static_cast<double>(folded.weight.values[(out * 2 + in) * 2 + place]);
      }
    }
    const double norm =
        (before - static_cast<double>(mean[out])) / std::sqrt(static_cast<double>(variance[out]) + 1e-3);
    EXPECT_NEAR(after, norm + static_cast<double>(beta[out]), 1e-4);
  }
}

}  // namespace
}  // namespace pool3::weights
