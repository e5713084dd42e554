#pragma once
// Where the columns of one class without each fold start: near their optimum, from all rows' answer.

#include <cstdint>
#include <span>
#include <vector>

#include "svm/kernel/column.hpp"

namespace pool3::svm {

/// All columns (a class without one fold) share the inverse of the kernel of one set of rows: those with a dual
/// variable in all rows' answer, and those that come near one. Rows without one (those of the fold are among them) are
/// few, and the block of the inverse that belongs to them says what their leaving does to the others: a Newton step
/// costs a factorisation of that block.
///
/// `column` and `answer` are those of all rows, with the squared hinge and no free bias. Returns a point for each of
/// the folds: v is inside its limits, 0 for the fold's rows, and f belongs to v, as exactly as a gap of `tolerance` of
/// the primal needs. Nothing if the inverse can't be had.
[[nodiscard]] std::vector<KernelPoint> start_folds(const KernelMatrix& kernel, const KernelColumn& column,
                                                   const KernelPoint& answer, std::span<const std::int32_t> fold_of_row,
                                                   std::span<const std::int32_t> folds, double tolerance = 0);

}  // namespace pool3::svm
