#pragma once
// One column of a problem with few rows, seen through the products of the rows with each other.

#include <cstdint>
#include <vector>

#include "svm/algebra/products.hpp"
#include "svm/newton/line_search.hpp"

namespace pool3::svm {

/// What a column does not change: the rows of all ranks, and what they cost.
template <typename Real>
struct GramColumnProblem {
  using Reals = std::vector<Real>;
  const Reals* gram = nullptr;  ///< [rows, rows] x_i x_k, bias included
  Reals y;                      ///< [rows] 1 or -1
  Reals cost;                   ///< [rows]; 0: the row does not count
  bool squared = true;
};

/// A point v = sum u_i x_i on its way to the minimum of the column's smoothed loss (see newton.hpp). Margins are
/// f = gram u; products with the Gram matrix are left to the caller, who does them for many columns at once.
template <typename Real>
class GramColumn {
 public:
  using Reals = std::vector<Real>;
  /// Starts from u = y a with margins f, [rows]. The first newton_point() takes the rows with a inside its limits.
  GramColumn(GramColumnProblem<Real> problem, Reals u, Reals f);

  /// The dual variables that the loss has at f, times y: [rows].
  [[nodiscard]] const Reals& signed_duals() const { return duals_; }
  /// Takes the margins of signed_duals(): sets primal() and gap(). The hinge's centre moves if it is time.
  void take_dual_margins(Reals margins);
  [[nodiscard]] double primal() const { return primal_; }
  [[nodiscard]] double gap() const { return gap_; }
  /// The minimum of the quadratic model at this point, as u [rows]: one Cholesky factorisation of the rows in the
  /// margin. Empty if this precision can't do it. REQUIRES: take_dual_margins() after each move.
  [[nodiscard]] Reals newton_point() const;
  /// Moves to the minimum of the loss on the line to `u`, whose margins are `f`.
  void move_towards(const Reals& u, const Reals& f);
  [[nodiscard]] const Reals& u() const { return u_; }

 private:
  [[nodiscard]] Real pull(std::size_t i) const { return stiffness_ * problem_.cost[i]; }
  [[nodiscard]] bool is_free(std::size_t i) const;
  /// What to add to the duals of these rows; empty if the matrix is not positive definite in this precision.
  template <typename In>
  [[nodiscard]] std::vector<In> solve_free(const std::vector<std::int32_t>& free) const;
  [[nodiscard]] double condition(const std::vector<std::int32_t>& free) const;
  void set_duals();
  void move_centre();
  [[nodiscard]] double step_length(const Reals& u, const Reals& f) const;
  [[nodiscard]] LossSlopes loss_slopes(const Reals& f, double t) const;

  GramColumnProblem<Real> problem_;
  Reals u_, f_;
  Reals centre_;        ///< [rows] of the smoothed hinge; 0 for the squared hinge
  Real stiffness_;      ///< of the smoothed loss
  Reals duals_;         ///< [rows] y a at f_
  Reals dual_margins_;  ///< [rows] gram duals_
  double primal_ = 0, gap_ = 0;
};

extern template class GramColumn<float>;
extern template class GramColumn<double>;

}  // namespace pool3::svm
