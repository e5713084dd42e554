#include "store/hdf5/half.hpp"

#include <cstring>

#include "pool3/numbers.hpp"

namespace pool3::store {

std::vector<std::byte> to_half(std::span<const float> values) {
  std::vector<std::byte> halves(values.size() * sizeof(std::uint16_t));
  for (std::size_t i = 0; i < values.size(); ++i) {
    const std::uint16_t half = half_of_float(values[i]);
    std::memcpy(halves.data() + i * sizeof half, &half, sizeof half);
  }
  return halves;
}

void from_half(std::span<const std::byte> halves, std::span<float> out) {
  for (std::size_t i = 0; i < out.size(); ++i) {
    std::uint16_t half = 0;
    std::memcpy(&half, halves.data() + i * sizeof half, sizeof half);
    out[i] = float_of_half(half);
  }
}

}  // namespace pool3::store
