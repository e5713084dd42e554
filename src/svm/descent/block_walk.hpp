#pragma once
// The scalar part of block coordinate descent: walking the rows of one block, all columns at once.

#include <cstdint>
#include <span>
#include <vector>

#include "svm/model/columns.hpp"

namespace pool3::svm {

/// One block of rows.
struct BlockView {
  std::int64_t rows = 0;
  const float* gram = nullptr;           ///< [rows, rows]
  const std::int32_t* labels = nullptr;  ///< [rows]
  const std::int32_t* folds = nullptr;   ///< [rows], or null
  const float* weights = nullptr;        ///< [rows] factors on C, or null
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

}  // namespace pool3::svm
