#pragma once
// Numbers for (row, column) pairs, most of which are 0: dual variables and second derivatives. Products with them cost
// what the pairs cost, not what the rows do: rows that are no support vector of a column take no part in it.

#include "svm/columns.hpp"
#include "svm/products.hpp"

namespace pool3::detail {

template <typename Real>
class RowEntries {
 public:
  using Reals = std::vector<Real>;
  /// Of the entries of [rows, width] that are not 0. `point` must outlive it.
  RowEntries(const Point& point, const Reals& dense, std::size_t width);

  /// True if products with the pairs are cheaper than those of whole matrices. Not the same on every rank.
  [[nodiscard]] bool few() const;
  /// x^T u for u = these entries, bias row included: [dim + 1, width]. Collective.
  [[nodiscard]] Reals back() const;
  /// x^T (h . x [v; b]) for h = these entries, in some columns alone: v and the result are [dim + 1, columns].
  /// Collective.
  [[nodiscard]] Reals curved(const Reals& v, const std::vector<std::int64_t>& columns) const;

 private:
  template <typename Use>
  [[nodiscard]] Reals sum_rows(const std::vector<std::int64_t>& columns, const Use& factor) const;

  const Point& point_;
  std::size_t width_;
  std::vector<std::size_t> first_;  ///< [rows + 1] of each row in the two below
  std::vector<std::uint32_t> column_;
  Reals value_;
};

extern template class RowEntries<float>;
extern template class RowEntries<double>;

}  // namespace pool3::detail
