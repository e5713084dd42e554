#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <map>
#include <stdexcept>
#include <string>
#include <tuple>
#include <utility>

#include "unit/image/fixtures.hpp"

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

constexpr std::array all_profiles = {InputProfile::nsfwjs, InputProfile::tf2015, InputProfile::keras,
                                     InputProfile::torchvision};

std::vector<float> input_of(const Image& picture, InputProfile profile = InputProfile::nsfwjs) {
  std::vector<float> out(static_cast<std::size_t>(input_floats), -9.0F);
  to_input(picture, profile, out);
  return out;
}

/// What every pixel of a picture of one colour becomes.
float level_of(std::uint8_t byte, InputProfile profile) {
  const auto x = static_cast<float>(byte);
  if (profile == InputProfile::nsfwjs) return x / 255.0F;
  return profile == InputProfile::tf2015 ? x / 128.0F - 1.0F : x / 127.5F - 1.0F;
}

TEST(ToInput, AgreesWithAnIndependentResize) {
  std::ifstream points(test::data_path("resize_align_corners.txt"));
  std::map<std::pair<std::int64_t, std::int64_t>, std::vector<float>> inputs;
  std::int64_t width = 0, height = 0, x = 0, y = 0, channel = 0;
  std::size_t count = 0;
  for (double value = 0; points >> width >> height >> x >> y >> channel >> value; ++count) {
    std::vector<float>& input = inputs[{width, height}];
    if (input.empty()) input = input_of(pattern(width, height));
    const float got = input[static_cast<std::size_t>((y * input_side + x) * 3 + channel)];
    ASSERT_NEAR(static_cast<double>(got), value, 2e-6)
        << width << " x " << height << " at " << x << ", " << y << ", channel " << channel;
  }
  EXPECT_EQ(count, 8U * 44 * 3);
}

TEST(ToInput, AgreesWithOtherProgramsInEveryProfile) {
  std::ifstream points(test::data_path("resize_profiles.txt"));
  std::map<std::tuple<std::string, std::int64_t, std::int64_t>, std::vector<float>> inputs;
  std::string profile;
  std::int64_t width = 0, height = 0, x = 0, y = 0, channel = 0;
  std::size_t count = 0;
  for (double value = 0; points >> profile >> width >> height >> x >> y >> channel >> value; ++count) {
    std::vector<float>& input = inputs[{profile, width, height}];
    if (input.empty()) input = input_of(pattern(width, height), parse_input_profile(profile));
    const float got = input[static_cast<std::size_t>((y * input_side + x) * 3 + channel)];
    // Bytes are 1 / 127.5 apart, so one that differs fails.
    ASSERT_NEAR(static_cast<double>(got), value, 2e-6)
        << profile << ": " << width << " x " << height << " at " << x << ", " << y << ", channel " << channel;
  }
  EXPECT_EQ(count, 3U * 8 * 20 * 3);
}

TEST(ToInput, KeepsAPictureOfTheRightSize) {
  const Image picture = pattern(input_side, input_side);
  for (const InputProfile profile : {InputProfile::nsfwjs, InputProfile::tf2015, InputProfile::keras}) {
    const std::vector<float> input = input_of(picture, profile);
    for (std::size_t i = 0; i < input.size(); ++i) {
      ASSERT_EQ(input[i], level_of(picture.pixels[i], profile)) << to_string(profile) << " " << i;
    }
  }
}

TEST(ToInput, SpreadsOnePixel) {
  const Image picture = {1, 1, {255, 0, 51}};
  for (const InputProfile profile : all_profiles) {
    const std::vector<float> input = input_of(picture, profile);
    for (std::size_t i = 0; i < input.size(); ++i) {
      ASSERT_EQ(input[i], level_of(picture.pixels[i % 3], profile)) << to_string(profile) << " " << i;
    }
  }
}

/// Sides above those at which the filter is done in pieces.
TEST(ToInput, StaysInBoundsInVeryLongPictures) {
  for (const InputProfile profile : all_profiles) {
    const bool reads_all = profile == InputProfile::keras;  // slow in tall pictures
    for (const auto& [width, height] :
         {std::pair{20'000'001, 1}, {1, reads_all ? 550'001 : 20'000'001}, {2, 1}, {1, 2}}) {
      const Image picture{width, height, std::vector<std::uint8_t>(static_cast<std::size_t>(width) * height * 3, 255)};
      const std::vector<float> input = input_of(picture, profile);
      EXPECT_TRUE(std::ranges::all_of(input, [&](float v) { return v == level_of(255, profile); }))
          << to_string(profile) << " " << width << " x " << height;
    }
  }
}

TEST(InputProfile, TellsWhatItResizesTo) {
  for (const InputProfile profile : all_profiles) {
    EXPECT_EQ(resized_side(profile), profile == InputProfile::torchvision ? 342 : 299);
  }
}

TEST(InputProfile, NamesGoThereAndBack) {
  for (const InputProfile profile : all_profiles) EXPECT_EQ(parse_input_profile(to_string(profile)), profile);
  EXPECT_EQ(to_string(InputProfile::nsfwjs), "nsfwjs");
  EXPECT_EQ(to_string(InputProfile::tf2015), "tf2015");
  EXPECT_EQ(to_string(InputProfile::keras), "keras");
  EXPECT_EQ(to_string(InputProfile::torchvision), "torchvision");
  EXPECT_THROW(static_cast<void>(parse_input_profile("keras2")), std::invalid_argument);
}

}  // namespace
}  // namespace pool3
