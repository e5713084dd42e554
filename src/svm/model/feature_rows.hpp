#pragma once
// The features of a problem as floats, whether they lie as such or as halves.

#include <vector>

#include "pool3/partition.hpp"
#include "pool3/svm.hpp"

namespace pool3::svm {

class FeatureRows {
 public:
  /// `problem` must outlive it.
  explicit FeatureRows(const Problem& problem);
  /// Features of these rows of this rank, [rows, dim]: where they lie, or a copy that holds until the next call.
  [[nodiscard]] const float* operator()(RowRange rows);
  /// Starts to bring some columns of a row into the cache. There need not be such a row.
  void prefetch(std::int64_t row, RowRange columns) const;

 private:
  const Problem& problem_;
  std::vector<float> mean_;  ///< [dim] of halves
  float factor_ = 1;         ///< of halves
  std::vector<float> copy_;
};

/// Rows of a product with few columns, from the right and from the left (bench/svm_products.cpp; docs/solver.md).
inline constexpr std::int64_t margin_rows = 256, back_rows = 64;

/// Calls `use(rows, their features)` on one panel of this rank's rows after another.
template <typename Use>
void for_each_panel(const Problem& problem, std::int64_t rows_of_panel, const Use& use) {
  FeatureRows features(problem);
  for (std::int64_t b = 0; b < block_count(problem.rows, rows_of_panel); ++b) {
    const RowRange rows = block_range(problem.rows, rows_of_panel, b);
    use(rows, features(rows));
  }
}

}  // namespace pool3::svm
