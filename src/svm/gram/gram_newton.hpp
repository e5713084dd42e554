#pragma once
// Newton's method for few rows: the Gram matrix of all rows, and a factorisation a column and step.

#include "svm/gram/gram_column.hpp"
#include "svm/newton/newton.hpp"

namespace pool3::svm {

/// True if the Gram matrix is small. Collective.
[[nodiscard]] bool gram_fits(const Objective& objective);
/// True if factorisations look cheaper than conjugate gradients, judged by these dual variables. REQUIRES:
/// gram_fits(). Collective.
[[nodiscard]] bool gram_pays(const Objective& objective, const Matrix<float>& alpha);

/// Brings an iterate near the optimum. Every rank holds the Gram matrix of all rows; the columns are shared out.
///
/// A Newton step of a column solves with the rows inside its margin alone, by Cholesky: no condition is too bad, and
/// some ten steps do. What it leaves is for newton().
template <typename Real>
class GramNewton {
 public:
  /// Computes the Gram matrix. `objective` must outlive it. Collective.
  explicit GramNewton(const Objective& objective);

  /// Moves `iterate` from its alpha on, until the total relative gap is about rules.tolerance, or another rule ends it.
  /// Returns the passes over the rows, of which a product with the Gram matrix counts as one. Collective.
  std::int64_t solve(Iterate<Real>& iterate, StoppingRules rules, const Progress& progress) const;

 private:
  [[nodiscard]] Matrix<Real> all_signed_duals(const Matrix<Real>& alpha) const;
  [[nodiscard]] std::vector<GramColumn<Real>> make_columns(std::int64_t first, const Matrix<Real>& signed_duals) const;
  [[nodiscard]] GramColumnProblem<Real> problem_of(std::int64_t column) const;
  [[nodiscard]] bool step(const std::vector<GramColumn<Real>*>& open) const;
  [[nodiscard]] Matrix<Real> own_rows(const Matrix<Real>& signed_duals) const;
  void store(std::int64_t first, const std::vector<GramColumn<Real>>& columns, Iterate<Real>& iterate) const;

  const Objective& objective_;
  std::int64_t rows_;                       ///< of all ranks
  std::int64_t first_row_;                  ///< of this rank, among all
  Vector<float> labels_, folds_, weights_;  ///< [rows] of all ranks
  Matrix<Real> gram_;                       ///< [rows, rows]
};

extern template class GramNewton<float>;
extern template class GramNewton<double>;

}  // namespace pool3::svm
