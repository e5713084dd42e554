#pragma once
// IEEE half precision (float16) and bfloat16 as their bits. Without branches, so that loops over many become vector
// instructions. Always inline: files that are compiled for other instructions share no function.

#include <bit>
#include <cstdint>

namespace pool3 {

/// Float of a float16 bit pattern: exact.
[[nodiscard, gnu::always_inline]] constexpr float float_of_half(std::uint16_t bits) {
  constexpr std::uint32_t exponent_of_half = 31U << 23U, rebias = (127U - 15U) << 23U;
  const std::uint32_t magnitude = (bits & 0x7fffU) << 13U, exponent = magnitude & exponent_of_half;
  const std::uint32_t normal = magnitude + rebias, special = normal + rebias;
  // Halves below 2^-14 have no hidden bit: give them one, and take it away as a number.
  const float tiny = std::bit_cast<float>(normal + (1U << 23U)) - 0x1p-14F;
  const std::uint32_t finite = exponent == 0 ? std::bit_cast<std::uint32_t>(tiny) : normal;
  const std::uint32_t sign = (bits & 0x8000U) << 16U;
  return std::bit_cast<float>((exponent == exponent_of_half ? special : finite) | sign);
}

/// The float16 next to a float, ties to even; infinite from 65520 on. A NaN stays one.
[[nodiscard, gnu::always_inline]] constexpr std::uint16_t half_of_float(float value) {
  constexpr std::uint32_t infinity = 255U << 23U, above_all = (127U + 16U) << 23U, least_normal = (127U - 14U) << 23U;
  const auto bits = std::bit_cast<std::uint32_t>(value);
  const std::uint32_t magnitude = bits & 0x7fffffffU, odd = (magnitude >> 13U) & 1U;
  const std::uint32_t normal = (magnitude - ((127U - 15U) << 23U) + 0xfffU + odd) >> 13U;
  // Added to 1/2, a number below 2^-14 has 24 bits after the point: those of the half.
  const float shifted = std::bit_cast<float>(magnitude < least_normal ? magnitude : 0U) + 0.5F;
  const std::uint32_t tiny = std::bit_cast<std::uint32_t>(shifted) - std::bit_cast<std::uint32_t>(0.5F);
  const std::uint32_t special = magnitude > infinity ? 0x7e00U : 0x7c00U;
  const std::uint32_t finite = magnitude < least_normal ? tiny : normal;
  return static_cast<std::uint16_t>((magnitude >= above_all ? special : finite) | ((bits >> 16U) & 0x8000U));
}

/// Float of a bfloat16 bit pattern: exact.
[[nodiscard, gnu::always_inline]] constexpr float float_of_bf16(std::uint16_t bits) {
  return std::bit_cast<float>(static_cast<std::uint32_t>(bits) << 16U);
}

/// The bfloat16 next to a float, ties to even. A NaN stays one.
[[nodiscard, gnu::always_inline]] constexpr std::uint16_t bf16_of_float(float value) {
  const auto bits = std::bit_cast<std::uint32_t>(value);
  const std::uint32_t rounded = (bits + 0x7fffU + ((bits >> 16U) & 1U)) >> 16U;
  return static_cast<std::uint16_t>((bits & 0x7fffffffU) > 0x7f800000U ? (bits >> 16U) | 0x40U : rounded);
}

}  // namespace pool3
