#pragma once
// Kernels of drawn rows.

#include <cmath>
#include <cstdint>
#include <vector>

#include "svm/kernel/kernel_matrix.hpp"
#include "unit/svm/noise.hpp"

namespace pool3::test {

/// A linear kernel of drawn rows, which has a shift and a constant, too.
struct DrawnKernel {
  explicit DrawnKernel(std::int64_t n) : x(noise<double>(n, 12, 3)) {
    values = (x * x.transpose()).cast<float>();
    for (std::int64_t i = 0; i < n; ++i) shift.push_back(0.1 * x(i, 0));
    kernel = {.values = values.data(), .rows = n, .shift = shift, .constant = 1};
  }
  [[nodiscard]] double at(std::int64_t i, std::int64_t j) const {
    return static_cast<double>(values(i, j)) + shift[std::size_t(i)] + shift[std::size_t(j)] + 1;
  }
  svm::Matrix<double> x;
  svm::Matrix<float> values;
  std::vector<double> shift;
  svm::KernelMatrix kernel;
};

/// An RBF kernel of drawn rows.
struct DrawnRbf : DrawnKernel {
  explicit DrawnRbf(std::int64_t n, double gamma = 0.05) : DrawnKernel(n), rbf(n, n) {
    for (std::int64_t i = 0; i < n; ++i)
      for (std::int64_t j = 0; j < n; ++j)
        rbf(i, j) = static_cast<float>(std::exp(-gamma * (x.row(i) - x.row(j)).squaredNorm()));
    kernel = {.values = rbf.data(), .rows = n, .constant = 1};
    values = rbf;
    shift.assign(std::size_t(n), 0.0);
  }
  svm::Matrix<float> rbf;
};

}  // namespace pool3::test
