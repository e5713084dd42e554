#include <gtest/gtest.h>

#include <cmath>
#include <random>

#include "map/repulsion/exact_repulsion.hpp"
#include "map/repulsion/interpolated_repulsion.hpp"

namespace pool3::map {
namespace {

/// Some clouds of points, wider apart the larger `spread` is.
Plane clouds(std::size_t count, float spread) {
  std::mt19937 random(7);
  std::normal_distribution<float> normal;
  Plane plane;
  for (std::size_t i = 0; i < count; ++i) {
    plane.x.push_back(normal(random) + spread * static_cast<float>(i % 5));
    plane.y.push_back(normal(random) - spread * static_cast<float>(i % 3));
  }
  return plane;
}

struct Reference {
  std::vector<double> x, y;
  double sum = 0;
};
/// As the formula says it.
Reference by_formula(const Plane& p) {
  Reference all{std::vector<double>(p.x.size()), std::vector<double>(p.x.size())};
  for (std::size_t i = 0; i < p.x.size(); ++i)
    for (std::size_t j = 0; j < p.x.size(); ++j) {
      if (i == j) continue;
      const double dx = double{p.x[i]} - double{p.x[j]}, dy = double{p.y[i]} - double{p.y[j]};
      const double q = 1 / (1 + dx * dx + dy * dy);
      all.sum += q;
      all.x[i] += q * q * dx;
      all.y[i] += q * q * dy;
    }
  return all;
}

/// Length of the error beside that of what is wanted, over all points.
double error_of(const std::vector<float>& got, const std::vector<double>& wanted) {
  double error = 0, all = 0;
  for (std::size_t i = 0; i < got.size(); ++i) {
    error += (double{got[i]} - wanted[i]) * (double{got[i]} - wanted[i]);
    all += wanted[i] * wanted[i];
  }
  return std::sqrt(error / all);
}

class RepulsionAt : public testing::TestWithParam<float> {};

TEST_P(RepulsionAt, ExactIsTheFormula) {
  const Plane points = clouds(503, GetParam());  // no multiple of a vector
  const Repulsion got = exact_repulsion(points, 1);
  const Reference wanted = by_formula(points);
  EXPECT_NEAR(got.sum / wanted.sum, 1, 1e-5);
  EXPECT_LT(error_of(got.force.x, wanted.x), 1e-5);
  EXPECT_LT(error_of(got.force.y, wanted.y), 1e-5);
}

TEST_P(RepulsionAt, InterpolatedIsNear) {
  const Plane points = clouds(503, GetParam());
  const Repulsion got = InterpolatedRepulsion(1)(points);
  const Reference wanted = by_formula(points);
  EXPECT_NEAR(got.sum / wanted.sum, 1, 0.01);
  // Boxes are of width 1, and wider only where the points lie more than 512 apart.
  const double most = GetParam() > 100 ? 0.15 : 0.05;
  EXPECT_LT(error_of(got.force.x, wanted.x), most);
  EXPECT_LT(error_of(got.force.y, wanted.y), most);
}

INSTANTIATE_TEST_SUITE_P(Spreads, RepulsionAt, testing::Values(0.0F, 3.0F, 40.0F, 200.0F));

TEST(Repulsion, IsTheSameForAnyNumberOfThreads) {
  const Plane points = clouds(9000, 5);
  const Repulsion one = exact_repulsion(points, 1), three = exact_repulsion(points, 3);
  EXPECT_EQ(one.force.x, three.force.x);
  EXPECT_EQ(one.sum, three.sum);
  InterpolatedRepulsion alone(1), together(3);
  for (int i = 0; i < 2; ++i) {  // the second time on a grid that has been used
    const Repulsion a = alone(points), b = together(points);
    EXPECT_EQ(a.force.x, b.force.x);
    EXPECT_EQ(a.force.y, b.force.y);
    EXPECT_EQ(a.sum, b.sum);
  }
}

TEST(Repulsion, OfPointsThatAreOne) {
  const Plane points{std::vector<float>(20, 3.0F), std::vector<float>(20, -1.0F)};
  for (const Repulsion& r : {exact_repulsion(points, 1), InterpolatedRepulsion(1)(points)}) {
    EXPECT_NEAR(r.sum, 20 * 19, 1);
    for (const float f : r.force.x) EXPECT_NEAR(f, 0, 1e-3);
  }
}

}  // namespace
}  // namespace pool3::map
