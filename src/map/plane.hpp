#pragma once
// Points in a plane, and forces on them.

#include <vector>

namespace pool3::map {

/// A point, or a force, for each row.
struct Plane {
  std::vector<float> x, y;  ///< [n]
};

/// What all points do to each: sum over j of q^2 (p_i - p_j), q = 1 / (1 + |p_i - p_j|^2).
struct Repulsion {
  Plane force;
  double sum = 0;  ///< of q over all pairs of different points
};

}  // namespace pool3::map
