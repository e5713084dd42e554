#pragma once
// A number for each row that looks like chance.

#include <cstdint>

namespace pool3::svm {

/// splitmix64 of seed and row.
[[nodiscard]] constexpr std::uint64_t mixed(std::uint64_t seed, std::int64_t row) {
  std::uint64_t x = seed * 0xd1342543de82ef95U + static_cast<std::uint64_t>(row) + 0x9e3779b97f4a7c15U;
  x = (x ^ (x >> 30U)) * 0xbf58476d1ce4e5b9U;
  x = (x ^ (x >> 27U)) * 0x94d049bb133111ebU;
  return x ^ (x >> 31U);
}

}  // namespace pool3::svm
