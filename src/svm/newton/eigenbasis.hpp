#pragma once
// The eigenbasis of X^T X, in which conjugate gradients are preconditioned.

#include "svm/algebra/matrix.hpp"
#include "svm/model/objective.hpp"

namespace pool3::svm {

/// Eigenpairs of sum x x^T over the rows of all ranks (without bias), by falling eigenvalue. The same on every rank.
struct Eigenbasis {
  Matrix<float> vectors;  ///< [leading, dim], one eigenvector a row: all, or the leading ones, or none
  Sums values;            ///< [dim], >= 0
  double rows = 0;        ///< that it is of
};

/// From X^T X, or from X X^T if there are few rows; then all rows travel to the root, which are less than X^T X would
/// be. Of very many rows a part is taken to stand for all. Of more than 1024 eigenpairs the leading 512 are found, by
/// products which the ranks share, and the mean of the other values; fewer are a tenth of a second, on the root.
/// Collective. Throws a collective Error if LAPACK fails.
[[nodiscard]] Eigenbasis compute_eigenbasis(const Objective& objective);

/// One without vectors, all values 0: what it preconditions is the identity, but for the bias. Collective.
[[nodiscard]] Eigenbasis no_eigenbasis(const Objective& objective);

}  // namespace pool3::svm
