#pragma once
// exp(x) of x <= 0 without branches, so that loops with it become vector instructions: 2^n times a polynomial.

#include <bit>
#include <cmath>
#include <cstdint>

namespace pool3::svm {

/// To 1e-7 of itself; 0 below -87.
[[gnu::always_inline]] inline float exp_of(float x) {
  constexpr float log2e = 1.44269504F, high = 0.693359375F, low = -2.12194440e-4F;
  const float inside = x < -87.0F ? -87.0F : x;
  const float n = std::floor(inside * log2e + 0.5F);
  const float r = (inside - n * high) - n * low;
  float p = 1.9875691500e-4F;
  p = p * r + 1.3981999507e-3F;
  p = p * r + 8.3334519073e-3F;
  p = p * r + 4.1665795894e-2F;
  p = p * r + 1.6666665459e-1F;
  p = p * r + 5.0000001201e-1F;
  p = p * r * r + r + 1.0F;
  const std::int32_t exponent = (static_cast<std::int32_t>(n) + 127) << 23;
  const float value = p * std::bit_cast<float>(exponent);
  return x < -87.0F ? 0.0F : value;
}

/// To 1e-15 of itself; 0 below -700. The polynomial is Taylor's up to r^13 / 13!, for |r| <= log(2) / 2.
[[gnu::always_inline]] inline double exp_of(double x) {
  constexpr double log2e = 1.4426950408889634, high = 0x1.62e42fee00000p-1, low = 0x1.a39ef35793c76p-33;
  constexpr double to_integer = 0x1.8p52;  // rounds, and leaves the integer in the lowest bits
  const double inside = x < -700.0 ? -700.0 : x;
  const double shifted = inside * log2e + to_integer, n = shifted - to_integer;
  const double r = (inside - n * high) - n * low;
  double p = 1.0 / 6227020800.0;
  p = p * r + 1.0 / 479001600.0;
  p = p * r + 1.0 / 39916800.0;
  p = p * r + 1.0 / 3628800.0;
  p = p * r + 1.0 / 362880.0;
  p = p * r + 1.0 / 40320.0;
  p = p * r + 1.0 / 5040.0;
  p = p * r + 1.0 / 720.0;
  p = p * r + 1.0 / 120.0;
  p = p * r + 1.0 / 24.0;
  p = p * r + 1.0 / 6.0;
  p = p * r + 0.5;
  p = p * r * r + r + 1.0;
  constexpr int fraction = 52;
  constexpr std::uint64_t bias = 1023;
  const double scale = std::bit_cast<double>((std::bit_cast<std::uint64_t>(shifted) + bias) << fraction);
  return x < -700.0 ? 0.0 : p * scale;
}

}  // namespace pool3::svm
