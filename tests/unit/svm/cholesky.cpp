#include "svm/algebra/cholesky.hpp"

#include <gtest/gtest.h>

#include <Eigen/Cholesky>
#include <algorithm>

#include "unit/svm/noise.hpp"

namespace pool3 {
namespace {

/// x of a x = b for a = M M^T + 1 with b = a x; the largest error of x.
template <typename Real>
double error_of_solution(std::int64_t n) {
  const svm::Matrix<double> m = test::noise<double>(n, n, 5) / std::sqrt(static_cast<double>(n));
  const svm::Vector<double> x = test::noise<double>(n, 1, 6);
  const svm::Matrix<double> a = m * m.transpose() + svm::Matrix<double>::Identity(n, n);
  svm::PositiveSystem<Real> system(n);
  for (std::int64_t i = 0; i < n; ++i)
    for (std::int64_t j = 0; j <= i; ++j) system.row(i)[j] = static_cast<Real>(a(i, j));
  system.right() = (a * x).cast<Real>();
  EXPECT_TRUE(system.solve());
  return (system.right().template cast<double>() - x).cwiseAbs().maxCoeff();
}

// Below, at, and above the squares that it is done in.
TEST(PositiveSystem, GivesBackTheSolution) {
  for (const std::int64_t n : {1, 2, 31, 32, 33, 64, 100, 257}) {
    EXPECT_LT(error_of_solution<float>(n), 2e-5) << n;
    EXPECT_LT(error_of_solution<double>(n), 1e-13) << n;
  }
}

TEST(PositiveSystem, SaysWhenItIsNotPositive) {
  svm::PositiveSystem<double> system(40);
  for (std::int64_t i = 0; i < 40; ++i) system.row(i)[i] = i == 35 ? -1 : 1;
  EXPECT_FALSE(system.solve());
  EXPECT_TRUE(svm::PositiveSystem<double>(0).solve());
}

/// The largest error of x of a x = b for a = M M^T + 1, of which the first variables are eliminated.
template <typename Real>
double error_in_parts(std::int64_t first, std::int64_t others) {
  const std::int64_t n = first + others;
  const svm::Matrix<double> m = test::noise<double>(n, n, 5) / std::sqrt(static_cast<double>(n));
  const svm::Matrix<double> a = m * m.transpose() + svm::Matrix<double>::Identity(n, n);
  const svm::Vector<double> x = test::noise<double>(n, 1, 6);
  svm::PartSystem<Real> system(first, others);
  for (std::int64_t i = 0; i < n; ++i)
    for (std::int64_t j = 0; j <= i; ++j) system.row(i)[j] = static_cast<Real>(a(i, j));
  system.right() = (a * x).cast<Real>();
  EXPECT_TRUE(system.eliminate());
  svm::Matrix<double> left = system.others_matrix().template cast<double>();
  left.triangularView<Eigen::StrictlyUpper>() = left.transpose();
  const svm::Vector<double> found =
      left.ldlt().solve(svm::Vector<double>(system.others_right().template cast<double>()));
  const svm::Vector<double> rest = system.first_of(found.cast<Real>()).template cast<double>();
  return std::max((found - x.tail(others)).cwiseAbs().maxCoeff(), (rest - x.head(first)).cwiseAbs().maxCoeff());
}

TEST(PartSystem, GivesBackTheSolutionInTwoParts) {
  for (const std::int64_t first : {32, 64, 160})
    for (const std::int64_t others : {1, 31, 32, 33, 97}) {
      EXPECT_LT(error_in_parts<float>(first, others), 2e-5) << first << ' ' << others;
      EXPECT_LT(error_in_parts<double>(first, others), 1e-13) << first << ' ' << others;
    }
}

TEST(PartSystem, SaysWhenItsFirstPartIsNotPositive) {
  for (const std::int64_t negative : {20, 40}) {
    svm::PartSystem<double> system(32, 16);
    for (std::int64_t i = 0; i < 48; ++i) system.row(i)[i] = i == negative ? -1 : 1;
    EXPECT_EQ(system.eliminate(), negative >= 32);
  }
}

}  // namespace
}  // namespace pool3
