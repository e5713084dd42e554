#pragma once
// A Newton step by factorisation, where features are few.

#include "svm/algebra/matrix.hpp"
#include "svm/model/objective.hpp"

namespace pool3::svm {

/// True if a column's matrix of features with features is small.
[[nodiscard]] bool has_few_features(const Objective& objective);

/// Solves (I + sum_i h_i x_i x_i^T) d = r, a column at a time, by Cholesky in double: no condition is too bad, and
/// features may have very different scales. `curvature` [rows, width]: h, at least 0. `right` and the result: [dim + 1,
/// width], the bias row last. Where double can't do it, the column of the result is 0. Collective.
[[nodiscard]] Matrix<double> factorised_step(const Objective& objective, const Matrix<double>& curvature,
                                             const Matrix<double>& right);

}  // namespace pool3::svm
