#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <cassert>
#include <cmath>
#include <stdexcept>

#include "image/resize/resizers.hpp"
#include "pool3/image.hpp"

namespace pool3 {
namespace {

using image::ByteTable;
using image::TargetAxis;

constexpr std::array<std::string_view, 4> profile_names = {"nsfwjs", "tf2015", "keras", "torchvision"};

/// The shorter side before the crop, for torchvision's weights.
constexpr std::int64_t torchvision_side = 342;

template <typename Map>
ByteTable make_table(Map map) {
  ByteTable table{};
  for (std::size_t i = 0; i < table.size(); ++i) table[i] = map(static_cast<float>(i));
  return table;
}

const ByteTable& unit_table() {
  static const ByteTable table = make_table([](float x) { return x / 255.0F; });
  return table;
}

/// -1 to 1. Also what ImageNet's mean and std followed by `transform_input` come to: that step undoes them.
const ByteTable& signed_table() {
  static const ByteTable table = make_table([](float x) { return x / 127.5F - 1.0F; });
  return table;
}

const ByteTable& signed_2015_table() {
  static const ByteTable table = make_table([](float x) { return (x - 128.0F) / 128.0F; });
  return table;
}

/// torchvision's Resize(342), then CenterCrop(299).
TargetAxis resized_and_cropped(std::int64_t side, std::int64_t shorter) {
  // Python's int(342 * long / short): a division of doubles, cut off.
  const double scaled = static_cast<double>(torchvision_side * side) / static_cast<double>(shorter);
  const auto size = static_cast<std::int64_t>(scaled);
  // Python's round(): halves go to the even number.
  return {size, std::lrint(static_cast<double>(size - input_side) / 2.0)};
}

void to_torchvision(const Image& picture, std::span<float> out) {
  const std::int64_t shorter = std::min(picture.width, picture.height);
  image::resize_pillow(picture, resized_and_cropped(picture.width, shorter),
                       resized_and_cropped(picture.height, shorter), signed_table(), out);
}

}  // namespace

std::string_view to_string(InputProfile profile) {
  const auto index = static_cast<std::size_t>(profile);
  if (index >= profile_names.size()) throw std::invalid_argument("unknown input profile");
  return profile_names[index];
}

InputProfile parse_input_profile(std::string_view name) {
  for (std::size_t i = 0; i < profile_names.size(); ++i) {
    if (profile_names[i] == name) return static_cast<InputProfile>(i);
  }
  throw std::invalid_argument(
      fmt::format("unknown input profile \"{}\"; known: {}", name, fmt::join(profile_names, ", ")));
}

std::int64_t resized_side(InputProfile profile) {
  return profile == InputProfile::torchvision ? torchvision_side : input_side;
}

void to_input(const Image& image, InputProfile profile, std::span<float> out) {
  assert(static_cast<std::int64_t>(out.size()) == input_floats && !image.pixels.empty());
  switch (profile) {
    case InputProfile::nsfwjs:
      return image::resize_tensorflow(image, image::Corners::aligned, unit_table(), out);
    case InputProfile::tf2015:
      // The table is linear, so it may come before the resize as well as after it.
      return image::resize_tensorflow(image, image::Corners::legacy, signed_2015_table(), out);
    case InputProfile::keras:
      return image::resize_pillow(image, {}, {}, signed_table(), out);
    case InputProfile::torchvision:
      return to_torchvision(image, out);
  }
}

}  // namespace pool3
