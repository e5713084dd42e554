#pragma once
// Numbers that look like chance and are the same everywhere.

#include <cstdint>

namespace pool3 {

/// SplitMix64's finaliser (Steele, Lea, Flood 2014): a bijection that mixes every bit.
[[nodiscard]] constexpr std::uint64_t mix(std::uint64_t z) {
  z = (z ^ (z >> 30U)) * 0xbf58476d1ce4e5b9U;
  z = (z ^ (z >> 27U)) * 0x94d049bb133111ebU;
  return z ^ (z >> 31U);
}

}  // namespace pool3
