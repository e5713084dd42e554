#pragma once
// A Newton step by factorisation, where features are few.

#include "svm/algebra/products.hpp"

namespace pool3::svm {

/// True if a column's matrix of features with features is small.
[[nodiscard]] bool has_few_features(const Problem& problem);

/// Solves (I + sum_i h_i x_i x_i^T) d = r, a column at a time, by Cholesky in double: no condition is too bad, and
/// features of very different scale are no matter. `curvature` [rows, width]: h, at least 0. `right` and the result:
/// [dim + 1, width], the bias row last. Where double can't do it, the column of the result is 0. Collective.
[[nodiscard]] Doubles solve_directly(const Point& point, const Doubles& curvature, const Doubles& right);

}  // namespace pool3::svm
