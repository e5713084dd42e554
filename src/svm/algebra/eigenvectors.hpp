#pragma once
// All eigenvectors of a symmetric matrix.

#include "svm/algebra/matrix.hpp"

namespace pool3::svm {

/// Eigenpairs by falling eigenvalue.
template <typename Real>
struct EigenpairsOf {
  Vector<Real> values;
  Matrix<Real> vectors;  ///< one a row
};
using Eigenpairs = EigenpairsOf<float>;

/// Of the matrix whose upper half this is. Throws Error if LAPACK gives up. LAPACK's divide and conquer (ssyevd) takes
/// 0.6 s for 2048 rows; Eigen's SelfAdjointEigenSolver, which knows the QR algorithm alone, 2.8 s (EPYC Zen 5).
[[nodiscard]] Eigenpairs eigenvectors(Matrix<float> symmetric);
[[nodiscard]] EigenpairsOf<double> eigenvectors(Matrix<double> symmetric);

}  // namespace pool3::svm
