#pragma once
// Linear equations with a positive definite matrix of some hundred rows, many times.

#include <cstddef>
#include <cstdint>

#include "svm/algebra/matrix.hpp"

namespace pool3::svm {

/// a x = b, for one or several b. The matrix is kept with a side that is a multiple of 32; the rest of it is the
/// identity.
template <typename Real>
class PositiveSystem {
 public:
  explicit PositiveSystem(std::int64_t size, std::int64_t right_sides = 1);
  /// Row of the matrix, of which [0, row] is to be set.
  [[nodiscard]] Real* row(std::int64_t row) { return a_.row(row).data(); }
  /// b, to be set; x after solve().
  [[nodiscard]] Eigen::Map<Vector<Real>> right(std::int64_t which = 0) {
    return {a_.row(a_.cols() + which).data(), size_};
  }
  /// Once. False if the matrix is not positive definite, as far as this precision can tell.
  [[nodiscard]] bool solve();

 private:
  std::int64_t size_;
  Matrix<Real> a_;  ///< [side + right sides, side]: each b is a row below the matrix
};

extern template class PositiveSystem<float>;
extern template class PositiveSystem<double>;

}  // namespace pool3::svm
