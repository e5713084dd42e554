#pragma once
// A number for each row that looks like chance.

#include <cstdint>

#include "pool3/numbers/mix.hpp"

namespace pool3::svm {

/// splitmix64 of seed and row.
[[nodiscard]] constexpr std::uint64_t mixed(std::uint64_t seed, std::int64_t row) {
  return mix(seed * 0xd1342543de82ef95U + static_cast<std::uint64_t>(row) + 0x9e3779b97f4a7c15U);
}

}  // namespace pool3::svm
