#include <gtest/gtest.h>

#include <fstream>

#include "baselines/pictures/grey.hpp"
#include "pool3/baselines.hpp"

namespace pool3 {
namespace {

/// As tests/data/README.md says.
std::vector<std::uint8_t> drawn() {
  std::vector<std::uint8_t> p;
  for (int y = 0; y < 64; ++y)
    for (int x = 0; x < 64; ++x) {
      int v = (x * x * 3 + y * 7 * x + y * y * 5) % 251;
      if (y >= 20 && y < 44 && x >= 20 && x < 44) v = 200;
      if (y >= 30 && y < 40) v = x * 4 % 256;
      p.push_back(static_cast<std::uint8_t>(v));
    }
  return p;
}

TEST(HogDescriptor, IsOpenCvs) {
  std::ifstream expected(POOL3_SOURCE_DIR "/tests/data/hog_opencv.txt");
  const auto ours = hog_descriptor(drawn());
  ASSERT_EQ(std::ssize(ours), hog_size);
  for (std::size_t i = 0; i < ours.size(); ++i) {
    float theirs = -1;
    ASSERT_TRUE(expected >> theirs);
    ASSERT_NEAR(ours[i], theirs, 2e-3) << i;  // OpenCV's arc tangent is an approximation
  }
}

TEST(HogDescriptor, OfAPlainPictureIsZero) {
  for (const float v : hog_descriptor(std::vector<std::uint8_t>(64 * 64, 77))) ASSERT_EQ(v, 0);
}

TEST(Grey, IsLuma) {
  const std::vector<std::uint8_t> rgb = {255, 255, 255, 255, 0, 0, 0, 255, 0, 0, 0, 255};
  EXPECT_EQ(baselines::grey_of(rgb), (std::vector<std::uint8_t>{255, 76, 150, 29}));
}

}  // namespace
}  // namespace pool3
