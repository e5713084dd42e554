#pragma once
// Products over the (row, column) pairs that count. Most dual variables and second derivatives are 0: a row that is no
// support vector of a column takes no part in it, so these products cost what the pairs cost, not what the rows do.

#include "svm/algebra/matrix.hpp"
#include "svm/model/feature_rows.hpp"
#include "svm/model/objective.hpp"

namespace pool3::svm {

template <typename Real>
class SupportProducts {
 public:
  /// Of the entries of [rows, width] that are not 0. `objective` must outlive it.
  SupportProducts(const Objective& objective, const Matrix<Real>& dense);

  /// Part of all pairs that count. Not the same on every rank.
  [[nodiscard]] double density() const;
  /// combine_rows() of these entries. Collective.
  [[nodiscard]] Matrix<Real> combine_rows() const;
  /// sum h_i x_i (x_i . [v; b]) for h = these entries: v and the result are [dim + 1, width]. Collective.
  [[nodiscard]] Matrix<Real> curved(const Matrix<Real>& v) const;
  /// Forgets all columns but these, which are numbered from 0 then.
  void keep(const Places& columns);

 private:
  /// The pairs of a column in a block of rows.
  struct Run {
    std::int64_t column = 0;
    std::size_t begin = 0, end = 0;  ///< in the two below
  };
  void add_block(const Matrix<Real>& dense, std::int64_t first_row);
  void read_block(std::size_t block, FeatureRows& features, Matrix<Real>& x) const;
  [[nodiscard]] Matrix<Real> sum_rows(const Matrix<Real>& directions) const;

  const Objective* objective_ = nullptr;
  std::int64_t width_ = 0;
  std::int64_t block_rows_ = 1;         ///< that have pairs, in a block
  std::vector<std::int64_t> rows_;      ///< that have pairs
  std::vector<std::size_t> first_run_;  ///< of each block, and the end
  std::vector<Run> runs_;
  std::vector<std::uint8_t> row_;  ///< in the block
  std::vector<Real> value_;
};

/// Part of the pairs up to which these products are the cheaper ones: a pair costs about as much as three of a matrix
/// product.
inline constexpr double sparse_enough = 0.35;

extern template class SupportProducts<float>;
extern template class SupportProducts<double>;

}  // namespace pool3::svm
