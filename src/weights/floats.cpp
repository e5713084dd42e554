#include "weights/floats.hpp"

#include <algorithm>
#include <cstring>

#include "pool3/numbers.hpp"
#include "weights/huge_pages.hpp"

namespace pool3::weights {

std::vector<float> floats_of(std::string_view bytes, FloatType type) {
  std::vector<float> values;
  reserve_in_huge_pages(values, bytes.size() / bytes_of(type));
  values.resize(bytes.size() / bytes_of(type));
  if (values.empty()) return values;
  if (type == FloatType::f32) {
    std::memcpy(values.data(), bytes.data(), bytes.size());
    return values;
  }
  std::vector<std::uint16_t> bits(values.size());
  std::memcpy(bits.data(), bytes.data(), bytes.size());
  std::ranges::transform(bits, values.begin(), type == FloatType::f16 ? float_of_half : float_of_bf16);
  return values;
}

std::optional<std::uint64_t> element_count(const std::vector<std::int64_t>& shape, std::uint64_t most) {
  std::uint64_t count = 1;
  for (const std::int64_t n : shape) {
    if (n < 0) return std::nullopt;
    const auto size = static_cast<std::uint64_t>(n);
    if (size != 0 && count > most / size) return std::nullopt;
    count *= size;
  }
  return count;
}

}  // namespace pool3::weights
