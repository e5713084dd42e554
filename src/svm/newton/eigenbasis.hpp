#pragma once
// The eigenbasis of X^T X, and the preconditioner that it gives.

#include "svm/model/columns.hpp"

namespace pool3::svm {

/// Eigenpairs of sum x x^T over the rows of all ranks (without bias), by falling eigenvalue. The same on every rank.
struct Spectrum {
  std::vector<float> vectors;  ///< [min(rows, dim), dim], one eigenvector a row
  std::vector<double> values;  ///< [dim], >= 0
  double rows = 0;             ///< that it is of
};

/// From X^T X, or from X X^T if there are fewer rows than columns; then all rows travel to the root, which are less
/// than X^T X would be. Of very many rows a part is taken to stand for all. Collective; the eigenproblem is solved on
/// the root. Throws a collective Error if LAPACK fails.
[[nodiscard]] Spectrum compute_spectrum(const Point& point);

/// An approximate inverse of H = I + 2 sum_{xi > 0} C_i x_i x_i^T for each column: the rows inside the margin are
/// taken to be like all rows, so that H ~ I + c X^T X with c the mean curvature of the column. It is diagonal in the
/// eigenbasis, which all columns, folds and values of C share.
class Preconditioner {
 public:
  /// `mean_curvature` [width]: sum over the rows inside the margin of 2 C_i, divided by all rows.
  Preconditioner(const Spectrum& spectrum, double bias_square_sum, std::vector<double> mean_curvature);
  /// `r` and the result: [dim + 1, width], the bias row last. Not collective.
  [[nodiscard]] std::vector<float> apply(const std::vector<float>& r) const;
  [[nodiscard]] std::vector<double> apply(const std::vector<double>& r) const;

 private:
  const Spectrum& spectrum_;
  std::int64_t dim_, width_;
  std::int64_t leading_ = 0;  ///< eigenvectors that matter
  std::vector<float> scale_;  ///< [leading, width] what to add along each of them
  std::vector<float> rest_;   ///< [width] factor of everything else
  std::vector<float> bias_;   ///< [width] factor of the bias row
};

}  // namespace pool3::svm
