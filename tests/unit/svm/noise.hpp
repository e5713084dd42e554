#pragma once
// Drawn numbers and small problems for tests of the solver's parts.

#include <cstdint>
#include <random>

#include "pool3/svm.hpp"
#include "svm/algebra/matrix.hpp"

namespace pool3::test {

template <typename Real>
svm::Matrix<Real> noise(std::int64_t rows, std::int64_t columns, unsigned seed) {
  std::mt19937 random(seed);
  std::normal_distribution<double> normal;
  svm::Matrix<Real> out(rows, columns);
  for (Eigen::Index i = 0; i < out.size(); ++i) out.data()[i] = static_cast<Real>(normal(random));
  return out;
}

/// Rows of noise of two classes in turn.
inline Problem noise_problem(std::int64_t rows, std::int64_t dim, unsigned seed) {
  const svm::Matrix<float> x = noise<float>(rows, dim, seed);
  Problem problem{.rows = rows, .dim = dim, .classes = 2, .x = {x.data(), x.data() + x.size()}};
  for (std::int64_t i = 0; i < rows; ++i) problem.labels.push_back(static_cast<std::int32_t>(i % 2));
  return problem;
}

/// The rows of a problem in double, with the bias as the last feature.
inline svm::Matrix<double> rows_with_bias(const Problem& problem, double bias) {
  svm::Matrix<double> x(problem.rows, problem.dim + 1);
  x.leftCols(problem.dim) =
      Eigen::Map<const svm::Matrix<float>>(problem.x.data(), problem.rows, problem.dim).cast<double>();
  x.col(problem.dim).setConstant(bias);
  return x;
}

}  // namespace pool3::test
