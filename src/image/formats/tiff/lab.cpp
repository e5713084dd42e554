#include "image/formats/tiff/lab.hpp"

#include <tiff.h>

#include <algorithm>
#include <array>
#include <cmath>

namespace pool3::image {
namespace {

/// XYZ of ICC's D50.
constexpr std::array white = {0.9642, 1.0, 0.8249};
/// XYZ under D50 to linear sRGB, whose white is D65, by Bradford's adaptation.
constexpr std::array<std::array<double, 3>, 3> to_rgb = {
    {{3.1338561, -1.6168667, -0.4906146}, {-0.9787684, 1.9161415, 0.0334540}, {0.0719453, -0.2289914, 1.4052427}}};

/// Where sRGB's 8-bit values begin, from 1 to 255, as linear light.
std::array<double, 255> steps_of_srgb() {
  std::array<double, 255> steps{};
  for (std::size_t i = 0; i < steps.size(); ++i) {
    const double value = (static_cast<double>(i) + 0.5) / 255;
    steps[i] = value <= 0.04045 ? value / 12.92 : std::pow((value + 0.055) / 1.055, 2.4);
  }
  return steps;
}

std::uint8_t to_srgb(double linear) {
  static const std::array<double, 255> steps = steps_of_srgb();
  return static_cast<std::uint8_t>(std::ranges::upper_bound(steps, linear) - steps.begin());
}

/// CIE's inverse of f(), relative to white.
double from_cube_root(double f) {
  constexpr double knee = 6.0 / 29;
  return f > knee ? f * f * f : 3 * knee * knee * (f - 4.0 / 29);
}

}  // namespace

std::uint16_t wide_lab(std::uint16_t value, int sample, int photometric) {
  const bool is_signed = photometric == PHOTOMETRIC_CIELAB && sample > 0;
  return is_signed ? static_cast<std::uint16_t>(value ^ 0x8000U) : value;
}

std::uint16_t wide_lab_of_byte(std::uint8_t value, int sample, int photometric) {
  if (sample == 0) return static_cast<std::uint16_t>(value * 257);
  return wide_lab(static_cast<std::uint16_t>(value << 8), sample, photometric);
}

void lab_to_rgb(const std::uint16_t* lab, std::int64_t width, std::uint8_t* rgb) {
  for (std::int64_t i = 0; i < width; ++i, lab += 3, rgb += 3) {
    const double y = (lab[0] * 100.0 / 65535 + 16) / 116;
    const double x = y + (lab[1] / 256.0 - 128) / 500;
    const double z = y - (lab[2] / 256.0 - 128) / 200;
    const std::array xyz = {from_cube_root(x) * white[0], from_cube_root(y) * white[1], from_cube_root(z) * white[2]};
    for (std::size_t c = 0; c < 3; ++c) {
      rgb[c] = to_srgb(to_rgb[c][0] * xyz[0] + to_rgb[c][1] * xyz[1] + to_rgb[c][2] * xyz[2]);
    }
  }
}

}  // namespace pool3::image
