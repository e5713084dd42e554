#pragma once
// Newton's method for few rows: the Gram matrix of all rows, and a factorisation a column and step.

#include <functional>
#include <optional>

#include "svm/gram_column.hpp"
#include "svm/newton.hpp"

namespace pool3::detail {

/// Brings a point near the optimum. Every rank holds the Gram matrix of all rows; the columns are shared out.
///
/// A Newton step of a column solves with the rows inside its margin alone, by Cholesky: no condition is too bad, and
/// some ten steps do. It pays where rows are few; newton() certifies what comes out, and does the rest.
class GramNewton {
 public:
  /// True if the Gram matrix is small. Collective.
  [[nodiscard]] static bool fits(const Point& point);
  /// True if factorisations look cheaper than conjugate gradients, judged by the duals of `point`. Collective.
  /// REQUIRES: fits().
  [[nodiscard]] static bool pays(const Point& point);
  /// Computes the Gram matrix. `point` must outlive it. Collective.
  explicit GramNewton(Point& point);

  /// Moves point.w and point.alpha, a pair (see certify_pair), until the total relative gap is about limits.tolerance.
  /// Returns the passes over the rows, of which a product with the Gram matrix counts as one. Collective.
  std::int64_t solve(const NewtonLimits& limits, const std::function<void(const NewtonProgress&)>& progress);

 private:
  [[nodiscard]] Floats all_signed_duals() const;
  [[nodiscard]] std::vector<GramColumn> make_columns(std::int64_t first, const Floats& signed_duals) const;
  [[nodiscard]] GramColumnProblem problem_of(std::int64_t column) const;
  /// Margins of each of `u`, [rows] all.
  [[nodiscard]] std::vector<Floats> margins(const std::vector<const Floats*>& u) const;
  /// One Newton step of each, and their gaps.
  void step(const std::vector<GramColumn*>& open) const;
  /// Sets alpha of this rank's rows from `signed_duals` [padded, rows].
  void take(const Floats& signed_duals);
  void store(std::int64_t first, const std::vector<GramColumn>& columns);

  Point& p_;
  std::int64_t rows_;                            ///< of all ranks
  std::int64_t first_row_;                       ///< of this rank, among all
  std::vector<float> labels_, folds_, weights_;  ///< [rows] of all ranks
  Floats gram_;                                  ///< [rows, rows]
};

}  // namespace pool3::detail
