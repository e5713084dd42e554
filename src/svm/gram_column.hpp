#pragma once
// One column of a problem with few rows, seen through the products of the rows with each other.

#include <cstdint>
#include <vector>

#include "svm/products.hpp"

namespace pool3::detail {

/// What a column does not change: the rows of all ranks, and what they cost.
struct GramColumnProblem {
  const Floats* gram = nullptr;  ///< [rows, rows] x_i x_k, bias included
  Floats y;                      ///< [rows] 1 or -1
  Floats cost;                   ///< [rows]; 0: the row does not count
  bool squared = true;
};

/// A point v = sum u_i x_i on its way to the minimum of the column's smoothed loss (see newton.hpp). Margins are
/// f = gram u; products with the Gram matrix are left to the caller, who does them for many columns at once.
class GramColumn {
 public:
  /// Starts from u = y a with margins f, [rows]. The first newton_point() takes the rows with a inside its limits.
  GramColumn(GramColumnProblem problem, Floats u, Floats f);

  /// The dual variables that the loss has at f, times y: [rows].
  [[nodiscard]] const Floats& signed_duals() const { return duals_; }
  /// Takes the margins of signed_duals(): sets primal() and gap(). The hinge's centre moves if it is time.
  void take_dual_margins(Floats margins);
  [[nodiscard]] double primal() const { return primal_; }
  [[nodiscard]] double gap() const { return gap_; }
  /// The minimum of the quadratic model at this point, as u [rows]: one Cholesky factorisation of the rows in the
  /// margin. Empty if float can't do it. REQUIRES: take_dual_margins() after each move.
  [[nodiscard]] Floats newton_point() const;
  /// Moves to the minimum of the loss on the line to `u`, whose margins are `f`.
  void move_towards(const Floats& u, const Floats& f);
  [[nodiscard]] const Floats& u() const { return u_; }

 private:
  [[nodiscard]] float pull(std::size_t i) const { return stiffness_ * problem_.cost[i]; }
  [[nodiscard]] bool is_free(std::size_t i) const;
  /// What to add to the duals of these rows; empty if the matrix is not positive definite in this precision.
  template <typename Real>
  [[nodiscard]] std::vector<Real> solve_free(const std::vector<std::int32_t>& free) const;
  [[nodiscard]] bool float_will_do(const std::vector<std::int32_t>& free) const;
  void set_duals();
  void move_centre();
  [[nodiscard]] double step_length(const Floats& u, const Floats& f) const;

  GramColumnProblem problem_;
  Floats u_, f_;
  Floats centre_;        ///< [rows] of the smoothed hinge; 0 for the squared hinge
  float stiffness_;      ///< of the smoothed loss
  Floats duals_;         ///< [rows] y a at f_
  Floats dual_margins_;  ///< [rows] gram duals_
  double primal_ = 0, gap_ = 0;
};

}  // namespace pool3::detail
