#pragma once
// Where a row goes that has neighbours in the plane.

#include <span>

namespace pool3::map {

struct Point {
  float x = 0, y = 0;
};

/// The point with the least sum of distances to these, nearly: far ones don't pull it away from the most. Unlike the
/// medians of x and of y, it does not depend on where the axes point. REQUIRES: a point, all finite.
[[nodiscard]] Point geometric_median(std::span<const Point> points);

}  // namespace pool3::map
