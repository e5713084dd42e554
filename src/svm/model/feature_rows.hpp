#pragma once
// The features of a problem as floats or doubles, whether they lie as floats or as halves.

#include <type_traits>

#include "pool3/partition.hpp"
#include "pool3/svm.hpp"
#include "svm/algebra/matrix.hpp"

namespace pool3::svm {

/// Features of some rows, [rows, dim].
template <typename Real>
using RowsView = Eigen::Map<const Matrix<Real>>;

class FeatureRows {
 public:
  /// `problem` must outlive it.
  explicit FeatureRows(const Problem& problem);
  /// Features of these rows of this rank: where they lie, or a copy that holds until the next call.
  [[nodiscard]] RowsView<float> operator()(RowRange rows);

 private:
  const Problem& problem_;
  PerColumn<float> mean_;  ///< [dim] of halves
  float factor_ = 1;       ///< of halves
  Matrix<float> copy_;
};

/// Rows of a product with few columns, from the right and from the left (bench/svm_products.cpp).
inline constexpr std::int64_t margin_rows = 256, back_rows = 64;

/// Calls `use(rows, their features as Real)` on one panel of this rank's rows after another.
template <typename Real, typename Use>
void for_each_panel(const Problem& problem, std::int64_t rows_of_panel, const Use& use) {
  FeatureRows features(problem);
  Matrix<Real> copy;
  for (std::int64_t b = 0; b < block_count(problem.rows, rows_of_panel); ++b) {
    const RowRange rows = block_range(problem.rows, rows_of_panel, b);
    if constexpr (std::is_same_v<Real, float>) {
      use(rows, features(rows));
    } else {
      copy = features(rows).template cast<Real>();
      use(rows, RowsView<Real>(copy.data(), copy.rows(), copy.cols()));
    }
  }
}

}  // namespace pool3::svm
