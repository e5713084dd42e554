#pragma once
// IEEE half precision, the other type that features may be stored in.

#include <cstddef>
#include <span>
#include <vector>

#include "store/hdf5/hdf5.hpp"

namespace pool3::store {

/// The HDF5 type: 16-bit IEEE floats, little-endian.
[[nodiscard]] Handle half_type();
/// Rounds to nearest even.
[[nodiscard]] std::vector<std::byte> to_half(std::span<const float> values);
/// REQUIRES: halves.size() == 2 * out.size().
void from_half(std::span<const std::byte> halves, std::span<float> out);

}  // namespace pool3::store
