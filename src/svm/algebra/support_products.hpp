#pragma once
// Products over the (row, column) pairs that count. Most dual variables and second derivatives are 0: a row that is no
// support vector of a column takes no part in it, so these products cost what the pairs cost, not what the rows do.

#include "svm/algebra/matrix.hpp"
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
  /// None at first.
  SupportProducts(const Objective& objective, std::int64_t width) : objective_(&objective), width_(width), first_{0} {}
  void end_row(std::int64_t row);
  template <typename Use>
  [[nodiscard]] Matrix<Real> sum_rows(const Use& factor) const;

  const Objective* objective_ = nullptr;
  std::int64_t width_ = 0;
  std::vector<std::int64_t> rows_;  ///< that have pairs
  std::vector<std::size_t> first_;  ///< of each of these rows in the two below, and the end
  std::vector<std::int32_t> column_;
  std::vector<Real> value_;
};

/// Part of the pairs up to which these products are the cheaper ones: a pair costs about as much as four of a matrix
/// product.
inline constexpr double sparse_enough = 0.25;

extern template class SupportProducts<float>;
extern template class SupportProducts<double>;

}  // namespace pool3::svm
