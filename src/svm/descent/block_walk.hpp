#pragma once
// The scalar part of block coordinate descent: walking the rows of one block, all columns at once.

#include <span>

#include "svm/algebra/matrix.hpp"
#include "svm/model/columns.hpp"

namespace pool3::svm {

/// One block of rows. The matrices are [rows, width], but for the Gram matrix.
struct BlockView {
  const Matrix<float>& gram;                ///< [rows, rows]
  std::span<const std::int32_t> labels;     ///< [rows]
  std::span<const std::int32_t> folds;      ///< [rows], or empty
  std::span<const float> weights;           ///< [rows] factors on C, or empty
  std::span<const std::int32_t> order;      ///< a permutation of 0 .. rows-1: the order of the walk
  Eigen::Ref<const Matrix<float>> margins;  ///< at the start
  Eigen::Ref<Matrix<float>> alpha;          ///< updated
  Eigen::Ref<Matrix<float>> delta;          ///< set to y (a_new - a_old)
};

/// Sums over the visited (row, column) pairs, at the weights of the moment of the visit: an estimate of the gap
/// without the 1/2 |w|^2 term of the primal, for free.
struct WalkSums {
  double gap = 0;
  double loss = 0;
  WalkSums& operator+=(const WalkSums& more) {
    gap += more.gap;
    loss += more.loss;
    return *this;
  }
};

/// Visits every row of the block in order, for all columns (Hsieh et al. 2008):
///   G = y f - 1 + D a;   a <- clip(a - G / (|x|^2 + D), 0, U)
/// where f is kept current with the block's Gram matrix. `scratch` is working memory, resized as needed.
WalkSums walk_block(const ColumnTable& columns, BlockView& block, std::vector<float>& scratch);

}  // namespace pool3::svm
