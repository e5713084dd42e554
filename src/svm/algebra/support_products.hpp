#pragma once
// Numbers for (row, column) pairs, most of which are 0: dual variables and second derivatives. Products with them cost
// what the pairs cost, not what the rows do: rows that are no support vector of a column take no part in it.

#include "svm/algebra/products.hpp"
#include "svm/model/columns.hpp"

namespace pool3::svm {

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
  /// x^T (h . x [v; b]) for h = these entries: v and the result are [dim + 1, width]. Collective.
  [[nodiscard]] Reals curved(const Reals& v) const;
  /// Forgets all columns but these, which are numbered from 0 on then. `columns` rise.
  void keep(const std::vector<std::int64_t>& columns);

 private:
  /// None at first.
  RowEntries(const Point& point, std::size_t width) : point_(&point), width_(width), first_{0} {}
  void end_row(std::int64_t row);
  template <typename Use>
  [[nodiscard]] Reals sum_rows(const Use& factor) const;

  const Point* point_ = nullptr;
  std::size_t width_ = 0;
  std::vector<std::int64_t> rows_;  ///< that have pairs
  std::vector<std::size_t> first_;  ///< of each of these rows in the two below, and the end
  std::vector<std::uint32_t> column_;
  Reals value_;
};

extern template class RowEntries<float>;
extern template class RowEntries<double>;

}  // namespace pool3::svm
