#include <gtest/gtest.h>

#include <set>

#include "pool3/network.hpp"

namespace pool3::weights {
namespace {

// Keras publishes the size of its Inception-v3 without the top: 21,802,784 parameters, of which 34,432 are moving
// means and variances, two a channel. The rest are the kernels, and one beta a channel.
TEST(Convolutions, HaveAsManyWeightsAsKerasSays) {
  std::int64_t weights = 0;
  std::int64_t channels = 0;
  for (const ConvolutionShape& s : convolution_shapes()) {
    weights += std::int64_t{s.in_channels} * s.out_channels * s.kernel_height * s.kernel_width;
    channels += s.out_channels;
  }
  EXPECT_EQ(channels, 34'432 / 2);
  EXPECT_EQ(weights, 21'802'784 - 34'432 - channels);
}

TEST(Convolutions, Are94OfDifferentNames) {
  std::set<std::string> names;
  for (const ConvolutionShape& s : convolution_shapes()) names.insert(s.name);
  EXPECT_EQ(convolution_shapes().size(), 94U);
  EXPECT_EQ(names.size(), 94U);
}

// Of stride 1 and unpadded are the 1x1 ones and two of the stem; every other one of stride 1 keeps the size.
TEST(Convolutions, KeepTheSizeUnlessTheyShrinkIt) {
  for (const ConvolutionShape& s : convolution_shapes()) {
    if (s.stride == 2 || s.name == "Conv2d_2a_3x3" || s.name == "Conv2d_4a_3x3") {
      EXPECT_EQ(s.pad_height + s.pad_width, 0) << s.name;
    } else {
      EXPECT_EQ(2 * s.pad_height + 1, s.kernel_height) << s.name;
      EXPECT_EQ(2 * s.pad_width + 1, s.kernel_width) << s.name;
    }
  }
}

}  // namespace
}  // namespace pool3::weights
