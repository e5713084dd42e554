#include <gtest/gtest.h>

#include <random>

#include "pool3/image.hpp"

namespace pool3 {
namespace {

Image decoded(const std::string& png) { return decode(std::as_bytes(std::span(png))); }

std::vector<std::uint8_t> noise(std::int64_t size) {
  std::mt19937 random(3);
  std::vector<std::uint8_t> bytes;
  for (std::int64_t i = 0; i < size; ++i) bytes.push_back(static_cast<std::uint8_t>(random()));
  return bytes;
}

TEST(EncodePng, KeepsEveryColourPixel) {
  const Image picture{37, 23, noise(37 * 23 * 3)};
  const Image back = decoded(encode_png(picture));
  EXPECT_EQ(back.width, 37);
  EXPECT_EQ(back.height, 23);
  EXPECT_EQ(back.pixels, picture.pixels);
}

TEST(EncodePng, KeepsEveryGreyPixel) {
  const GreyImage picture{5, 300, noise(5 * 300)};
  const std::string png = encode_png(picture);
  EXPECT_EQ(png[25], 0) << "the colour type in the header says grey";
  const Image back = decoded(png);
  ASSERT_EQ(back.pixels.size(), picture.pixels.size() * 3);
  for (std::size_t i = 0; i < back.pixels.size(); ++i) ASSERT_EQ(back.pixels[i], picture.pixels[i / 3]) << i;
}

}  // namespace
}  // namespace pool3
