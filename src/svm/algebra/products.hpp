#pragma once
// Products of all rows with several columns at once, bias included: in float, or in double for what float can't tell
// apart. For the latter, a panel of rows at a time becomes doubles.

#include "svm/algebra/matrix.hpp"
#include "svm/model/objective.hpp"

namespace pool3::svm {

/// x [v; b] of this rank's rows, for v [dim + 1, width] with its bias row last: [rows, width]. Not collective.
template <typename Real>
[[nodiscard]] Matrix<Real> margins(const Objective& objective, const Matrix<Real>& v);
/// sum u_i x_i over the rows of all ranks, for u [rows, width]: [dim + 1, width], the bias row last. Collective.
template <typename Real>
[[nodiscard]] Matrix<Real> combine_rows(const Objective& objective, const Matrix<Real>& u);

}  // namespace pool3::svm
