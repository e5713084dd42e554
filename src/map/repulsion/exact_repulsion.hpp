#pragma once
// Repulsion between all pairs of points.

#include "map/plane.hpp"

namespace pool3::map {

/// Costs grow with the square of the points. The same for any number of threads.
[[nodiscard]] Repulsion exact_repulsion(const Plane& points, int threads);

}  // namespace pool3::map
