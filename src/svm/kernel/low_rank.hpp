#pragma once
// A kernel of low rank beside a diagonal. A column's answer for it is cheap, and nearly right about which rows have a
// dual variable.

#include <vector>

#include "svm/kernel/column.hpp"
#include "svm/kernel/kernel_matrix.hpp"

namespace pool3::svm {

/// Dual variables of a column, and whose they are.
struct Guess {
  RowList rows;
  std::vector<double> v;  ///< [rows.size()]
};

/// k(i, j) is near z_i . z_j, with z = K_nL chol(K_LL)^-T over landmark rows L, and what z leaves of k(i, i) beside it:
/// FITC (Snelson and Ghahramani 2006). The latter acts as what the squared hinge adds to the diagonal.
class LowRankKernel {
 public:
  LowRankKernel() = default;
  /// Empty where the kernel has few rows, or is far from low rank, or landmarks are copies of each other.
  explicit LowRankKernel(const KernelMatrix& kernel);

  [[nodiscard]] bool is_empty() const { return z_.size() == 0; }
  /// The answer to a column of the squared hinge, roughly. REQUIRES: not empty.
  [[nodiscard]] Guess solve(const KernelColumn& column) const;

 private:
  Matrix<float> z_;           ///< [rows, landmarks]
  std::vector<double> rest_;  ///< [rows] of the diagonal
};

}  // namespace pool3::svm
