#pragma once
// Newton's method for few rows: the Gram matrix of all rows, and a factorisation a column and step.

#include <functional>
#include <optional>

#include "svm/gram/gram_column.hpp"
#include "svm/newton/newton.hpp"

namespace pool3::svm {

/// True if the Gram matrix is small. Collective.
[[nodiscard]] bool gram_fits(const Point& point);
/// True if factorisations look cheaper than conjugate gradients, judged by the duals of `point`. Collective.
/// REQUIRES: gram_fits().
[[nodiscard]] bool gram_pays(const Point& point);

/// Brings a point near the optimum. Every rank holds the Gram matrix of all rows; the columns are shared out.
///
/// A Newton step of a column solves with the rows inside its margin alone, by Cholesky: no condition is too bad, and
/// some ten steps do. It pays where rows are few; newton() certifies what comes out, and does the rest.
template <typename Real>
class GramNewton {
 public:
  using Reals = std::vector<Real>;
  /// Computes the Gram matrix. `point` must outlive it. Collective.
  explicit GramNewton(const Point& point);

  /// Moves `pair` (see certify_pair) from its alpha on, until the total relative gap is about limits.tolerance.
  /// Returns the passes over the rows, of which a product with the Gram matrix counts as one. Collective.
  std::int64_t solve(Pair<Real>& pair, const NewtonLimits& limits,
                     const std::function<void(const NewtonProgress&)>& progress) const;

 private:
  [[nodiscard]] Reals all_signed_duals(const Reals& alpha) const;
  [[nodiscard]] std::vector<GramColumn<Real>> make_columns(std::int64_t first, const Reals& signed_duals) const;
  [[nodiscard]] GramColumnProblem<Real> problem_of(std::int64_t column) const;
  /// Margins of each of `u`, [rows] all.
  [[nodiscard]] std::vector<Reals> margins(const std::vector<const Reals*>& u) const;
  /// One Newton step of each, and their gaps. False if this precision can do none.
  [[nodiscard]] bool step(const std::vector<GramColumn<Real>*>& open) const;
  /// Of this rank's rows, [rows, padded], from [padded, all rows]; times y.
  [[nodiscard]] Reals own_rows(const Reals& signed_duals) const;
  void store(std::int64_t first, const std::vector<GramColumn<Real>>& columns, Pair<Real>& pair) const;

  const Point& p_;
  std::int64_t rows_;                ///< of all ranks
  std::int64_t first_row_;           ///< of this rank, among all
  Floats labels_, folds_, weights_;  ///< [rows] of all ranks
  Reals gram_;                       ///< [rows, rows]
};

extern template class GramNewton<float>;
extern template class GramNewton<double>;

}  // namespace pool3::svm
