#include "map/geometric_median.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace pool3::map {
namespace {

constexpr int steps = 20;
constexpr double nearest = 1e-2;  // of the spread: nearer points weigh no more, so that a step is never infinite

struct Spread {
  double x = 0, y = 0, mean_distance = 0;
};

Spread spread_of(std::span<const Point> points) {
  Spread found;
  const auto count = static_cast<double>(points.size());
  for (const Point& p : points) {
    found.x += static_cast<double>(p.x) / count;
    found.y += static_cast<double>(p.y) / count;
  }
  for (const Point& p : points)
    found.mean_distance += std::hypot(static_cast<double>(p.x) - found.x, static_cast<double>(p.y) - found.y) / count;
  return found;
}

/// The one with the least sum of distances to the others.
Point best_of(std::span<const Point> points) {
  Point best = points[0];
  double least = std::numeric_limits<double>::infinity();
  for (const Point& p : points) {
    double sum = 0;
    for (const Point& q : points)
      sum += std::hypot(static_cast<double>(p.x) - static_cast<double>(q.x),
                        static_cast<double>(p.y) - static_cast<double>(q.y));
    if (sum < least) {
      least = sum;
      best = p;
    }
  }
  return best;
}

}  // namespace

/// Weiszfeld's steps from the best of the points.
Point geometric_median(std::span<const Point> points) {
  const Spread spread = spread_of(points);
  const Point start = best_of(points);
  double x = static_cast<double>(start.x), y = static_cast<double>(start.y);
  const double least = nearest * spread.mean_distance;
  for (int step = 0; step < steps && least > 0; ++step) {
    double sum_x = 0, sum_y = 0, weights = 0;
    for (const Point& p : points) {
      const double px = static_cast<double>(p.x), py = static_cast<double>(p.y);
      const double weight = 1 / std::max(least, std::hypot(px - x, py - y));
      sum_x += weight * px;
      sum_y += weight * py;
      weights += weight;
    }
    x = sum_x / weights;
    y = sum_y / weights;
  }
  return {static_cast<float>(x), static_cast<float>(y)};
}

}  // namespace pool3::map
