#pragma once
// The rows that the folds of a column share an inverse of.

#include <cstddef>
#include <cstdint>
#include <vector>

#include "svm/kernel/column.hpp"
#include "svm/kernel/kernel_matrix.hpp"

namespace pool3::svm {

/// A row that may join, and how far it is from doing so.
struct NearRow {
  double distance = 0;
  std::int32_t row = 0;
};

/// `rows` with the nearest of `near`, in order: at most `share` as many as there are, or `least`.
[[nodiscard]] RowList with_nearest(RowList rows, std::vector<NearRow> near, double share, std::size_t least);

/// Margins of all rows in each fold, from v [folds, rows] of these rows, which are all that have a dual variable there
/// or in the answer: [folds, rows of the kernel]. Roughly: in floats what differs from the answer, to some 1e-7 of
/// that.
[[nodiscard]] Matrix<double> fold_margins(const KernelMatrix& kernel, const RowList& rows, const Matrix<double>& v,
                                          const KernelPoint& answer, bool roughly);

}  // namespace pool3::svm
