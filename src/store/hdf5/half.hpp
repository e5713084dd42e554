#pragma once
// IEEE half precision, the other type that features may be stored in.

#include <cstddef>
#include <span>
#include <vector>

namespace pool3::store {

/// Rounds to nearest even.
[[nodiscard]] std::vector<std::byte> to_half(std::span<const float> values);
/// REQUIRES: halves.size() == 2 * out.size().
void from_half(std::span<const std::byte> halves, std::span<float> out);

}  // namespace pool3::store
