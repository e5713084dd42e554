#include "pool3/image/small_picture.hpp"

#include <gtest/gtest.h>

namespace pool3 {
namespace {

TEST(SmallPicture, IsTheMeanOfWhatAPixelCovers) {
  Image picture{.width = 3, .height = 2, .pixels = {}};
  for (int i = 0; i < 6; ++i) picture.pixels.insert(picture.pixels.end(), {static_cast<std::uint8_t>(30 * i), 0, 255});
  const auto small = small_picture(picture, 2);  // columns 0 to 1.5 and 1.5 to 3
  const std::vector<std::uint8_t> expected = {10, 0, 255, 50, 0, 255, 100, 0, 255, 140, 0, 255};
  EXPECT_EQ(small, expected);
  EXPECT_EQ(small_picture({.width = 1, .height = 1, .pixels = {9, 8, 7}}, 2),
            (std::vector<std::uint8_t>{9, 8, 7, 9, 8, 7, 9, 8, 7, 9, 8, 7}));
}

}  // namespace
}  // namespace pool3
