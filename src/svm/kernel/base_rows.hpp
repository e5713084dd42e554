#pragma once
// The rows that the folds of a column share an inverse of.

#include <cstddef>
#include <cstdint>
#include <vector>

#include "svm/kernel/kernel_matrix.hpp"

namespace pool3::svm {

/// A row that may join, and how far it is from doing so.
struct NearRow {
  double distance = 0;
  std::int32_t row = 0;
};

/// `rows` with the nearest of `near`, in order: at most `share` as many as there are, or `least`.
[[nodiscard]] RowList with_nearest(RowList rows, std::vector<NearRow> near, double share, std::size_t least);

}  // namespace pool3::svm
