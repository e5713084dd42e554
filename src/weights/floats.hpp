#pragma once
// The floating-point types of weights files.

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

namespace pool3::weights {

enum class FloatType : std::uint8_t { f32, f16, bf16 };

[[nodiscard]] constexpr std::uint64_t bytes_of(FloatType type) { return type == FloatType::f32 ? 4 : 2; }

/// The little-endian values that `bytes` hold. REQUIRES: bytes.size() is a multiple of bytes_of(type).
[[nodiscard]] std::vector<float> floats_of(std::string_view bytes, FloatType type);

/// Elements of a tensor of `shape`; nothing if a dimension is negative or there are more than `most`.
[[nodiscard]] std::optional<std::uint64_t> element_count(const std::vector<std::int64_t>& shape, std::uint64_t most);

}  // namespace pool3::weights
