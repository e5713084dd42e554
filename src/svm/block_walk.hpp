#pragma once
// The scalar part of block coordinate descent: walking the rows of one block, all columns at once.

#include <cstdint>
#include <span>
#include <vector>

#include "pool3/svm.hpp"

namespace pool3::detail {

/// Columns are padded to a multiple of this, so that the walk needs no tail.
inline constexpr std::int64_t column_unit = 16;

/// What the walk must know of each column. All arrays are padded to a multiple of column_unit; a padding column
/// has positive_class -2 and never moves.
struct ColumnTable {
  std::vector<std::int32_t> positive_class;
  std::vector<std::int32_t> excluded_fold;
  std::vector<float> positive_cost;  ///< C of the positives
  float negative_cost = 1;
  Loss loss = Loss::l2;
  [[nodiscard]] std::int64_t padded() const { return static_cast<std::int64_t>(positive_class.size()); }
};

/// One block of rows.
struct BlockView {
  std::int64_t rows = 0;
  const float* gram = nullptr;           ///< [rows, rows]
  const std::int32_t* labels = nullptr;  ///< [rows]
  const std::int32_t* folds = nullptr;   ///< [rows], or null
  std::span<const std::int32_t> order;   ///< a permutation of 0 .. rows-1: the order of the walk
  const float* margins = nullptr;        ///< [rows, padded]: X_B W at the start
  float* alpha = nullptr;                ///< [rows, padded], updated
  float* delta = nullptr;                ///< [rows, padded], set to y (a_new - a_old)
};

/// Sums over the visited (row, column) pairs, at the weights of the moment of the visit: an estimate of the gap
/// without the 1/2 |w|^2 term of the primal, for free.
struct WalkSums {
  double gap = 0;
  double loss = 0;
};

/// Visits every row of the block in order, for all columns:
///   G = y f - 1 + D a;   a <- clip(a - G / (|x|^2 + D), 0, U)
/// where f is kept current with the block's Gram matrix. `scratch` is working memory, resized as needed.
WalkSums walk_block(const ColumnTable& columns, const BlockView& block, std::vector<float>& scratch);

/// Gap and loss of rows at exact margins; `gap` and `loss` [padded] are added to.
void add_certificate(const ColumnTable& columns, std::int64_t rows, const std::int32_t* labels,
                     const std::int32_t* folds, const float* margins, const float* alpha, std::span<double> gap,
                     std::span<double> loss);

}  // namespace pool3::detail
