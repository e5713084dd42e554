#pragma once
// What conjugate gradients are preconditioned with.

#include "svm/newton/eigenbasis.hpp"

namespace pool3::svm {

/// An approximate inverse of H = I + sum_i h_i x_i x_i^T for each column: the rows with h > 0 are taken to be like all
/// rows, so that H ~ I + c X^T X with c the mean of h. It is diagonal in the eigenbasis, which all columns, folds and
/// values of C share.
class Preconditioner {
 public:
  /// `mean_curvature` [width]: c. `bias_square_sum`: that of the bias over all rows. `basis` must outlive it.
  Preconditioner(const Eigenbasis& basis, double bias_square_sum, const Sums& mean_curvature);
  /// `r` and the result: [dim + 1, width], the bias row last. In float. Not collective.
  template <typename Real>
  [[nodiscard]] Matrix<Real> apply(const Matrix<Real>& r) const {
    return apply_in_float(r.template cast<float>()).template cast<Real>();
  }

 private:
  [[nodiscard]] Matrix<float> apply_in_float(const Matrix<float>& r) const;

  const Eigenbasis& basis_;
  std::int64_t leading_ = 0;  ///< eigenvectors that matter
  Matrix<float> scale_;       ///< [leading, width] what to add along each of them
  PerColumn<float> rest_;     ///< [width] factor of everything else
  PerColumn<float> bias_;     ///< [width] factor of the bias row
};

}  // namespace pool3::svm
