// The point among a row's neighbours.

#include "map/geometric_median.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

namespace pool3::map {
namespace {

double distances(const std::vector<Point>& points, double x, double y) {
  double sum = 0;
  for (const Point& p : points) sum += std::hypot(static_cast<double>(p.x) - x, static_cast<double>(p.y) - y);
  return sum;
}

TEST(GeometricMedian, HasTheLeastSumOfDistances) {
  const std::vector<std::vector<Point>> sets = {
      {{0, 1}, {1, 0}, {10, 10}},
      {{0, 0}, {4, 0}, {4, 3}, {0, 3}, {1, 1}},
      {{-50, 20}, {-50.5F, 20}, {-50, 20.5F}, {30, -7}, {31, -7}},
  };
  for (const auto& points : sets) {
    const Point found = geometric_median(points);
    const double least = distances(points, static_cast<double>(found.x), static_cast<double>(found.y));
    for (double x = -60; x <= 40; x += 0.25)
      for (double y = -10; y <= 22; y += 0.25) EXPECT_LE(least, 1.003 * distances(points, x, y)) << x << " " << y;
  }
}

TEST(GeometricMedian, TurnsWithThePoints) {
  const std::vector<Point> points = {{0, 1}, {1, 0}, {10, 10}, {-3, 4}, {2, 2}};
  std::vector<Point> turned;
  turned.reserve(points.size());
  const float c = std::cos(0.5F), s = std::sin(0.5F);
  for (const Point& p : points) turned.push_back({c * p.x - s * p.y, s * p.x + c * p.y});
  const Point m = geometric_median(points), t = geometric_median(turned);
  EXPECT_NEAR(t.x, c * m.x - s * m.y, 1e-4);
  EXPECT_NEAR(t.y, s * m.x + c * m.y, 1e-4);
}

TEST(GeometricMedian, OfOnePointAndOfEqualOnesIsThatPoint) {
  const std::vector<Point> one = {{2, -3}}, equal(4, Point{2, -3});
  for (const auto& points : {one, equal}) {
    EXPECT_EQ(geometric_median(points).x, 2);
    EXPECT_EQ(geometric_median(points).y, -3);
  }
}

}  // namespace
}  // namespace pool3::map
