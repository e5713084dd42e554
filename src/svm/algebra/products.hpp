#pragma once
// Products of the whole matrix with several columns at once, bias included: in float, or in double for what float can't
// tell apart. For the latter, a panel of rows at a time becomes doubles.

#include "svm/model/columns.hpp"

namespace pool3::svm {

using Floats = std::vector<float>;
using Doubles = std::vector<double>;

/// Weights come with their bias row below: [dim + 1, width]. Margins and their like are [rows, width].
class Products {
 public:
  /// `point` must outlive it.
  Products(const Point& point, std::size_t width) : point_(point), width_(static_cast<std::int64_t>(width)) {}

  /// x [v; b] of this rank's rows. Not collective.
  template <typename Real>
  [[nodiscard]] std::vector<Real> margins(const std::vector<Real>& v) const;
  /// x^T u, bias row included, over all ranks. Collective.
  template <typename Real>
  [[nodiscard]] std::vector<Real> back(const std::vector<Real>& u) const;

 private:
  const Point& point_;
  std::int64_t width_;
};

/// Calls `use(at, column)` on every entry of [rows, width].
template <typename Use>
void for_each_entry(std::size_t size, std::size_t width, const Use& use) {
  for (std::size_t row = 0; row < size; row += width)
    for (std::size_t c = 0; c < width; ++c) use(row + c, c);
}

/// A copy of some columns of [rows, from_width].
template <typename Real>
[[nodiscard]] std::vector<Real> gather(const std::vector<Real>& from, std::int64_t from_width,
                                       const std::vector<std::int64_t>& columns);
/// to[:, columns] += step[c] * from[:, c].
template <typename Real>
void scatter_add(std::vector<Real>& to, std::int64_t to_width, const std::vector<std::int64_t>& columns,
                 const std::vector<Real>& from, const Doubles& step);
/// Column sums of a . b, [width].
template <typename Real>
[[nodiscard]] Doubles dots(const std::vector<Real>& a, const std::vector<Real>& b, std::size_t width);

}  // namespace pool3::svm
