#pragma once
// The random numbers of NumPy, so that splits are scikit-learn's. Private to the room.

#include <cstdint>
#include <numeric>
#include <random>
#include <span>
#include <utility>
#include <vector>

namespace pool3::partition {

/// numpy.random.RandomState, as far as it is needed.
class RandomState {
 public:
  explicit RandomState(std::uint64_t seed) : twister_(static_cast<std::uint32_t>(seed ^ (seed >> 32U))) {}

  template <typename T>
  void shuffle(std::span<T> values) {
    for (std::size_t i = values.size(); i-- > 1;) std::swap(values[i], values[below(i)]);
  }
  [[nodiscard]] std::vector<std::int64_t> permutation(std::int64_t n) {
    std::vector<std::int64_t> values(static_cast<std::size_t>(n));
    std::iota(values.begin(), values.end(), std::int64_t{0});
    shuffle(std::span(values));
    return values;
  }

 private:
  /// Uniform in [0, most]: bits are drawn until they are low enough.
  std::size_t below(std::size_t most) {
    std::size_t mask = most;
    for (unsigned shift = 1; shift < 64; shift *= 2) mask |= mask >> shift;
    for (;;) {
      std::size_t value = twister_();
      if (most > 0xffffffffU) value = value << 32U | twister_();
      if ((value & mask) <= most) return value & mask;
    }
  }
  std::mt19937 twister_;
};

}  // namespace pool3::partition
