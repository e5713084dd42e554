#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <stdexcept>
#include <utility>

#include "unit/image_fixtures.hpp"

namespace pool3 {
namespace {

/// The picture of make_fixtures.py's resize_points().
Image pattern(std::int64_t width, std::int64_t height) {
  Image picture{width, height, {}};
  for (std::int64_t y = 0; y < height; ++y) {
    for (std::int64_t x = 0; x < width; ++x) {
      for (std::int64_t c = 0; c < 3; ++c) {
        picture.pixels.push_back(static_cast<std::uint8_t>((x * 7 + y * 13 + c * 29 + x * y) % 256));
      }
    }
  }
  return picture;
}

std::vector<float> input_of(const Image& picture) {
  std::vector<float> out(static_cast<std::size_t>(input_floats), -1.0F);
  to_input(picture, InputProfile::nsfwjs, out);
  return out;
}

TEST(ToInput, AgreesWithAnIndependentResize) {
  std::ifstream points(testing::data_path("resize_align_corners.txt"));
  std::map<std::pair<std::int64_t, std::int64_t>, std::vector<float>> inputs;
  std::int64_t width, height, x, y, channel;
  std::size_t count = 0;
  for (double value; points >> width >> height >> x >> y >> channel >> value; ++count) {
    std::vector<float>& input = inputs[{width, height}];
    if (input.empty()) input = input_of(pattern(width, height));
    const float got = input[static_cast<std::size_t>((y * input_side + x) * 3 + channel)];
    ASSERT_NEAR(static_cast<double>(got), value, 2e-6)
        << width << " x " << height << " at " << x << ", " << y << ", channel " << channel;
  }
  EXPECT_EQ(count, 8U * 44 * 3);
}

TEST(ToInput, KeepsAPictureOfTheRightSize) {
  const Image picture = pattern(input_side, input_side);
  const std::vector<float> input = input_of(picture);
  for (std::size_t i = 0; i < input.size(); ++i) {
    ASSERT_EQ(input[i], static_cast<float>(picture.pixels[i]) / 255.0F) << i;
  }
}

TEST(ToInput, SpreadsOnePixel) {
  const std::vector<float> input = input_of({1, 1, {255, 0, 51}});
  for (std::size_t i = 0; i < input.size(); i += 3) {
    ASSERT_EQ(input[i], 1.0F);
    ASSERT_EQ(input[i + 1], 0.0F);
    ASSERT_EQ(input[i + 2], 0.2F);
  }
}

TEST(ToInput, StaysInBoundsInVeryLongPictures) {
  for (const auto& [width, height] : {std::pair{20'000'001, 1}, {1, 20'000'001}, {2, 1}, {1, 2}}) {
    const Image picture{width, height, std::vector<std::uint8_t>(static_cast<std::size_t>(width) * height * 3, 255)};
    const std::vector<float> input = input_of(picture);
    EXPECT_TRUE(std::ranges::all_of(input, [](float v) { return v == 1.0F; }));
  }
}

TEST(InputProfile, NamesGoThereAndBack) {
  EXPECT_EQ(parse_input_profile(to_string(InputProfile::nsfwjs)), InputProfile::nsfwjs);
  EXPECT_THROW(static_cast<void>(parse_input_profile("keras2")), std::invalid_argument);
}

}  // namespace
}  // namespace pool3
