#include "pool3/numbers.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>

namespace pool3 {
namespace {

template <typename To, typename From>
To bits_of(From value) {
  To bits{};
  static_assert(sizeof bits == sizeof value);
  std::memcpy(&bits, &value, sizeof bits);
  return bits;
}

// The compiler's own float16 knows better.
TEST(Half, EveryHalfBecomesItsFloatAndItselfAgain) {
  for (std::uint32_t bits = 0; bits < 65536; ++bits) {
    const auto half = static_cast<std::uint16_t>(bits);
    const auto expected = static_cast<float>(bits_of<_Float16>(half));
    if (std::isnan(expected)) {
      EXPECT_TRUE(std::isnan(float_of_half(half)));
      EXPECT_TRUE(std::isnan(float_of_half(half_of_float(expected))));
      continue;
    }
    ASSERT_EQ(bits_of<std::uint32_t>(float_of_half(half)), bits_of<std::uint32_t>(expected)) << bits;
    ASSERT_EQ(half_of_float(expected), half);
  }
}

TEST(Half, FloatsAreRoundedToTheNearestHalf) {
  for (std::uint64_t bits = 0; bits < (std::uint64_t{1} << 32U); bits += 997) {
    const auto value = bits_of<float>(static_cast<std::uint32_t>(bits));
    const std::uint16_t half = half_of_float(value);
    if (std::isnan(value)) {
      ASSERT_TRUE(std::isnan(float_of_half(half))) << bits;
      continue;
    }
    ASSERT_EQ(half, bits_of<std::uint16_t>(static_cast<_Float16>(value))) << bits;
  }
  for (const float tie : {0x1.002p0F, 0x1.006p0F, 0x1p-25F, 0x1.8p-24F, 65519.996F, 65520.0F, -65520.0F})
    EXPECT_EQ(half_of_float(tie), bits_of<std::uint16_t>(static_cast<_Float16>(tie))) << tie;
}

// A bfloat16 is the upper half of a float: its neighbours differ by one in the bits.
TEST(Bf16, EveryOneBecomesItsFloatAndItselfAgain) {
  for (std::uint32_t bits = 0; bits < 65536; ++bits) {
    const auto bf16 = static_cast<std::uint16_t>(bits);
    const float value = float_of_bf16(bf16);
    ASSERT_EQ(bits_of<std::uint32_t>(value), bits << 16U);
    if (std::isnan(value)) {
      EXPECT_TRUE(std::isnan(float_of_bf16(bf16_of_float(value)))) << bits;
    } else {
      ASSERT_EQ(bf16_of_float(value), bf16);
    }
  }
}

TEST(Bf16, FloatsAreRoundedToTheNearestTiesToEven) {
  for (std::uint64_t bits = 0; bits < (std::uint64_t{1} << 32U); bits += 997) {
    const auto value = bits_of<float>(static_cast<std::uint32_t>(bits));
    const float rounded = float_of_bf16(bf16_of_float(value));
    if (std::isnan(value)) {
      ASSERT_TRUE(std::isnan(rounded)) << bits;
      continue;
    }
    const auto below = static_cast<std::uint16_t>(bits >> 16U);
    const double low = double{float_of_bf16(below)},
                 high = double{float_of_bf16(static_cast<std::uint16_t>(below + 1))};
    if (!std::isfinite(high)) continue;
    const double to_low = std::abs(double{value} - low), to_high = std::abs(double{value} - high);
    const bool takes_low = to_low == to_high ? below % 2 == 0 : to_low < to_high;
    ASSERT_EQ(double{rounded}, takes_low ? low : high) << bits;
  }
  EXPECT_EQ(bf16_of_float(3.4e38F), 0x7f80) << "rounds to infinity";
}

}  // namespace
}  // namespace pool3
