#pragma once
// Distances in double, the sums in one fixed order: the same bits wherever they are computed.

#include <cstdint>

#include "pool3/neighbours.hpp"

namespace pool3::neighbours {

/// sum a_i b_i.
[[nodiscard]] double exact_dot(const float* a, const float* b, std::int64_t width);
/// The distance of two rows; `square_a` is exact_dot(a, a).
[[nodiscard]] double exact_distance(Metric metric, const float* a, double square_a, const float* b, std::int64_t width);

}  // namespace pool3::neighbours
