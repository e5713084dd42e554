#include <gtest/gtest.h>

#include <cmath>

#include "pool3/image.hpp"

namespace pool3 {
namespace {

Image filled(std::int64_t width, std::int64_t height, auto value) {
  Image picture{width, height, {}};
  for (std::int64_t y = 0; y < height; ++y)
    for (std::int64_t x = 0; x < width; ++x)
      for (int c = 0; c < 3; ++c) picture.pixels.push_back(static_cast<std::uint8_t>(value(x, y, c)));
  return picture;
}

TEST(Thumbnail, KeepsTheProportions) {
  EXPECT_EQ(thumbnail(filled(200, 100, [](auto...) { return 9; }), 48).height, 24);
  EXPECT_EQ(thumbnail(filled(100, 300, [](auto...) { return 9; }), 48).width, 16);
  EXPECT_EQ(thumbnail(filled(5000, 2, [](auto...) { return 9; }), 48).height, 1);
}

TEST(Thumbnail, LeavesSmallPicturesAlone) {
  const Image small = filled(48, 20, [](auto x, auto y, auto c) { return x + y + c; });
  EXPECT_EQ(thumbnail(small, 48).pixels, small.pixels);
}

TEST(Thumbnail, HasTheMeanOfWhatAPixelCovers) {
  const Image picture = filled(96, 96, [](auto x, auto y, auto c) { return (x * 7 + y * 5 + c * 50) % 256; });
  const Image small = thumbnail(picture, 32);
  for (std::int64_t y = 0; y < 32; ++y)
    for (std::int64_t x = 0; x < 32; ++x) {
      double sum = 0;
      for (std::int64_t i = 0; i < 9; ++i)
        sum += picture.pixels[static_cast<std::size_t>(((3 * y + i / 3) * 96 + 3 * x + i % 3) * 3)];
      EXPECT_NEAR(small.pixels[static_cast<std::size_t>((y * 32 + x) * 3)], sum / 9, 0.51);
    }
}

TEST(Thumbnail, OfOneColourIsThatColour) {
  const Image small = thumbnail(filled(101, 67, [](auto, auto, auto c) { return 200 + c; }), 48);
  for (std::size_t i = 0; i < small.pixels.size(); ++i) EXPECT_EQ(small.pixels[i], 200 + i % 3);
}

TEST(EncodeJpeg, IsReadAgainNearlyAsItWas) {
  const Image picture = filled(50, 30, [](auto x, auto y, auto c) { return 2 * x + 3 * y + 10 * c; });
  const std::string file = encode_jpeg(picture, 90);
  const Image again = decode(std::as_bytes(std::span(file)));
  ASSERT_EQ(again.width, 50);
  ASSERT_EQ(again.height, 30);
  double error = 0;
  for (std::size_t i = 0; i < picture.pixels.size(); ++i) error += std::abs(picture.pixels[i] - again.pixels[i]);
  EXPECT_LT(error / static_cast<double>(picture.pixels.size()), 3);
  EXPECT_LT(encode_jpeg(picture, 40).size(), file.size());
}

TEST(EncodeJpeg, RefusesWhatAJpegCantHold) {
  EXPECT_THROW((void)encode_jpeg(filled(70000, 1, [](auto...) { return 0; }), 80), ImageError);
}

}  // namespace
}  // namespace pool3
