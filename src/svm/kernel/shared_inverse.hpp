#pragma once
// The folds of a column share the inverse of some rows' kernel: which rows these are, and what comes of it.

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

/// Points with these dual variables, one for each row of `v` [folds, rows.size()]; all other variables are 0, there and
/// in the answer of all rows. From a tolerance of 1e-4 of the primal on, what differs from that answer is in floats: to
/// some 1e-7 of the difference.
[[nodiscard]] std::vector<KernelPoint> points_with(const KernelMatrix& kernel, const RowList& rows,
                                                   const Matrix<double>& v, const KernelPoint& answer,
                                                   double tolerance);

}  // namespace pool3::svm
