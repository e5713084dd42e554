#pragma once
// Where the columns of one class without each fold start, with the hinge: near their optimum, from all rows' answer.

#include <cstdint>
#include <span>
#include <vector>

#include "svm/kernel/column.hpp"

namespace pool3::svm {

/// As start_folds(), for dual variables with an upper limit. The inverse is that of the rows between their limits in
/// all rows' answer, and of those that are nearest to leaving theirs. Who is at a limit in a fold has a slope instead
/// of a change, and a Newton step on who that is factorises the block of the inverse of these few.
///
/// `column` and `answer` are those of all rows, with the hinge and no free bias. Returns a point for each of the folds:
/// v is inside its limits, 0 for the fold's rows, and f belongs to v (tolerance: as in start_folds()). Nothing if the
/// inverse can't be had.
[[nodiscard]] std::vector<KernelPoint> start_hinge_folds(const KernelMatrix& kernel, const KernelColumn& column,
                                                         const KernelPoint& answer,
                                                         std::span<const std::int32_t> fold_of_row,
                                                         std::span<const std::int32_t> folds, double tolerance = 0);

}  // namespace pool3::svm
