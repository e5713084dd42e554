#pragma once
// Linear equations with a positive definite matrix.

#include <cstddef>
#include <cstdint>
#include <vector>

namespace pool3::svm {

/// a x = b. The matrix is kept with a side that is a multiple of 32; the rest of it is the identity.
template <typename Real>
class PositiveSystem {
 public:
  explicit PositiveSystem(std::int64_t size);
  /// Row of the matrix, of which [0, row] is to be set.
  [[nodiscard]] Real* row(std::int64_t row) { return a_.data() + row * stride_; }
  /// b, to be set; x after solve().
  [[nodiscard]] Real* right() { return row(stride_); }
  /// Once. False if the matrix is not positive definite, as far as this precision can tell.
  [[nodiscard]] bool solve();

 private:
  std::int64_t stride_;
  std::vector<Real> a_;  ///< [stride + 1, stride]: b is the last row
};

extern template class PositiveSystem<float>;
extern template class PositiveSystem<double>;

}  // namespace pool3::svm
