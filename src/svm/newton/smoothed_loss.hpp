#pragma once
// The (smoothed) loss of one row in many columns at once. Its formulas are those of model/loss.hpp.

#include "svm/algebra/matrix.hpp"
#include "svm/model/objective.hpp"

namespace pool3::svm {

/// Some columns of a table, and the stiffness of each.
template <typename Real>
struct LossColumns {
  std::vector<std::int32_t> positive_class, excluded_fold;
  std::vector<float> positive_cost;
  PerColumn<Real> stiffness;
  float negative_cost = 1;
  Loss loss = Loss::l2;

  LossColumns(const ColumnTable& table, const Places& columns, const PerColumn<Real>& stiffness_of_all);
  [[nodiscard]] std::int64_t width() const { return stiffness.size(); }
};

/// One row in these columns.
template <typename Real>
struct LossRow {
  std::int32_t label, fold;
  float weight;        ///< factor on C
  const Real* f;       ///< margins
  const Real* centre;  ///< dual variables that the smoothing pulls to; null for a loss that is smooth itself
};

/// First and second derivative of the loss along a direction.
struct LossSlopes {
  Sums slope, curve;
};

/// Adds what the row gives to the derivatives along `xd` [width], at step lengths t.
template <typename Real>
void add_slopes(const LossColumns<Real>& columns, const LossRow<Real>& row, const Real* xd, const Sums& t,
                LossSlopes& sums);

/// Sets the row's dual variables, and these times y; adds its loss, and its part of the smoothing's gap: all [width].
template <typename Real>
void add_loss(const LossColumns<Real>& columns, const LossRow<Real>& row, Real* alpha, Real* signed_alpha, Sums& loss,
              Sums& smoothing_gap);

}  // namespace pool3::svm
