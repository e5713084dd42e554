#include "svm/algebra/cholesky.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <random>

namespace pool3 {
namespace {

/// x of a x = b for a = M M^T + 1 with b = a x; the largest error of x.
template <typename Real>
double error_of_solution(std::int64_t n) {
  std::mt19937 random(5);
  std::normal_distribution<double> normal;
  const auto size = static_cast<std::size_t>(n);
  std::vector<double> m(size * size), a(size * size), x(size);
  for (double& v : m) v = normal(random) / std::sqrt(static_cast<double>(n));
  for (double& v : x) v = normal(random);
  svm::PositiveSystem<Real> system(n);
  for (std::size_t i = 0; i < size; ++i) {
    double right = 0;
    for (std::size_t j = 0; j < size; ++j) {
      double product = i == j ? 1 : 0;
      for (std::size_t k = 0; k < size; ++k) product += m[i * size + k] * m[j * size + k];
      if (j <= i) system.row(std::int64_t(i))[j] = static_cast<Real>(product);
      right += product * x[j];
    }
    system.right()[i] = static_cast<Real>(right);
  }
  EXPECT_TRUE(system.solve());
  double worst = 0;
  for (std::size_t i = 0; i < size; ++i)
    worst = std::max(worst, std::abs(static_cast<double>(system.right()[i]) - x[i]));
  return worst;
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
