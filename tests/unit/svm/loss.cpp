// The losses beside their definitions, in double.

#include "svm/model/loss.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace pool3 {
namespace {

const std::vector<double> slacks = {-3, -0.7, -1e-3, 1e-3, 0.2, 1, 4};
constexpr double cost = 0.8, centre = 0.3;

/// max over a of a s - phi*(a) must be phi(s): the conjugate that the gap is built with is the right one.
template <typename RowLoss>
void expect_fenchel_young(double most) {
  for (const double s : slacks) {
    double least = 1e9;
    for (double a = 0; a <= most; a += 1e-4) {
      const double gap = RowLoss::gap(cost, s, a);
      EXPECT_GE(gap, -1e-12);
      least = std::min(least, gap);
    }
    EXPECT_NEAR(least, 0, 1e-6) << "slack " << s;
  }
}

TEST(Loss, GapIsFenchelYoung) {
  expect_fenchel_young<svm::Hinge>(cost);
  expect_fenchel_young<svm::SquaredHinge>(10 * cost);
}

TEST(Loss, IsItsDefinition) {
  for (const double s : slacks) {
    EXPECT_DOUBLE_EQ(svm::Hinge::loss(cost, s), s > 0 ? cost * s : 0);
    EXPECT_DOUBLE_EQ(svm::SquaredHinge::loss(cost, s), s > 0 ? cost * s * s : 0);
    // The textbook's forms of the gap, which cancel.
    const double xi = std::max(s, 0.0);
    for (const double a : {0.0, 0.1, cost}) {
      EXPECT_NEAR(svm::Hinge::gap(cost, s, a), cost * xi - a * s, 1e-12);
      EXPECT_NEAR(svm::SquaredHinge::gap(cost, s, a), cost * xi * xi - a * s + a * a / (4 * cost), 1e-12);
    }
  }
}

/// The smoothed hinge: max over 0 <= a <= C of a s - (a - c)^2 / (2 k C), found on a grid.
double smoothed_hinge(double s, double k) {
  double most = -1e9;
  for (double a = 0; a <= cost; a += 1e-5) most = std::max(most, a * s - (a - centre) * (a - centre) / (2 * k * cost));
  return most;
}

TEST(Loss, SmoothedDualIsTheDerivative) {
  constexpr double h = 1e-6;
  for (const double s : slacks) {
    const double squared = (svm::SquaredHinge::loss(cost, s + h) - svm::SquaredHinge::loss(cost, s - h)) / (2 * h);
    EXPECT_NEAR(svm::SquaredHinge::smoothed_dual(cost, s, 0.0, svm::SquaredHinge::stiffness), squared, 1e-5);
    for (const double k : {0.1, 3.0}) {
      const double a = svm::Hinge::smoothed_dual(cost, s, centre, k), wide = 1e-2;
      const double slope = (smoothed_hinge(s + wide, k) - smoothed_hinge(s - wide, k)) / (2 * wide);
      EXPECT_NEAR(a, slope, 2e-2) << "slack " << s << ", stiffness " << k;
    }
  }
}

TEST(Loss, IsCurvedWhereTheDualMoves) {
  constexpr double h = 1e-6;
  for (const double s : slacks)
    for (const double k : {0.1, 3.0}) {
      const double a = svm::Hinge::smoothed_dual(cost, s, centre, k);
      const double curve = (svm::Hinge::smoothed_dual(cost, s + h, centre, k) - a) / h;
      EXPECT_NEAR(curve, svm::Hinge::is_curved(cost, a) ? k * cost : 0, 1e-6);
      const double b = svm::SquaredHinge::smoothed_dual(cost, s, 0.0, 2.0);
      const double squared = (svm::SquaredHinge::smoothed_dual(cost, s + h, 0.0, 2.0) - b) / h;
      EXPECT_NEAR(squared, svm::SquaredHinge::is_curved(cost, b) ? 2 * cost : 0, 1e-6);
    }
}

// The coordinate step of descent maximises a s - phi*(a) - q (a - old)^2 / 2 in the direction of the row alone.
TEST(Loss, DiagonalIsThatOfTheDual) {
  constexpr double h = 1e-3;
  for (const double a : {0.5, 1.0}) {
    const auto conjugate = [](double at) { return svm::SquaredHinge::gap(cost, 0.0, at); };  // phi(0) = 0
    EXPECT_NEAR((conjugate(a + h) - 2 * conjugate(a) + conjugate(a - h)) / (h * h), svm::SquaredHinge::diagonal(cost),
                1e-6);
  }
  EXPECT_EQ(svm::Hinge::diagonal(cost), 0);
}

}  // namespace
}  // namespace pool3
