#pragma once
// One column of a problem with few rows, seen through the products of the rows with each other.

#include <cstdint>

#include "svm/algebra/matrix.hpp"
#include "svm/newton/smoothed_loss.hpp"

namespace pool3::svm {

/// What a column does not change: the rows of all ranks, and what they cost.
template <typename Real>
struct GramColumnProblem {
  const Matrix<Real>* gram = nullptr;  ///< [rows, rows] x_i x_k, bias included
  Vector<Real> y;                      ///< [rows] 1 or -1
  Vector<Real> cost;                   ///< [rows]; 0: the row does not count
  Loss loss = Loss::l2;
};

/// A point v = sum u_i x_i on its way to the minimum of the column's smoothed loss (model/loss.hpp). Margins are
/// f = gram u; products with the Gram matrix are left to the caller, who does them for many columns at once.
template <typename Real>
class GramColumn {
 public:
  using Values = Vector<Real>;  ///< [rows]
  /// Starts from u = y a with margins f. The first newton_point() takes the rows with a inside its limits.
  GramColumn(GramColumnProblem<Real> problem, Values u, Values f);

  /// The dual variables that the loss has at f, times y.
  [[nodiscard]] const Values& signed_duals() const { return duals_; }
  /// Takes the margins of signed_duals(): sets primal() and gap(). The hinge's centre moves if it is time.
  void take_dual_margins(Values margins);
  [[nodiscard]] double primal() const { return primal_; }
  [[nodiscard]] double gap() const { return gap_; }
  /// The minimum of the quadratic model at this point, as u: one Cholesky factorisation of the rows in the margin.
  /// Empty if this precision can't do it. REQUIRES: take_dual_margins() after each move.
  [[nodiscard]] Values newton_point() const;
  /// Moves to the minimum of the loss on the line to `u`, whose margins are `f`.
  void move_towards(const Values& u, const Values& f);
  [[nodiscard]] const Values& u() const { return u_; }

 private:
  using Rows = std::vector<std::int32_t>;
  [[nodiscard]] Rows free_rows() const;
  template <typename In>
  [[nodiscard]] Vector<In> solve_free(const Rows& free) const;
  [[nodiscard]] double condition(const Rows& free) const;
  void set_duals();
  void move_centre();
  [[nodiscard]] double step_length(const Values& u, const Values& f) const;
  [[nodiscard]] LossSlopes loss_slopes(const Values& xd, double t) const;

  GramColumnProblem<Real> problem_;
  Values u_, f_;
  Values centre_;        ///< c of the smoothed hinge; 0 for the squared hinge
  Real stiffness_;       ///< k of the smoothed loss
  Values duals_;         ///< y a at f_
  Values dual_margins_;  ///< gram duals_
  double primal_ = 0, gap_ = 0;
};

extern template class GramColumn<float>;
extern template class GramColumn<double>;

}  // namespace pool3::svm
