#include "svm/algebra/cholesky.hpp"

#include <gtest/gtest.h>

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

}  // namespace
}  // namespace pool3
