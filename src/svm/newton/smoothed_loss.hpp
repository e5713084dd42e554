#pragma once
// The (smoothed) loss of one row in many columns at once. See newton.hpp for its formulas.

#include <cstdint>
#include <vector>

#include "svm/model/columns.hpp"

namespace pool3::svm {

/// Some columns of a table, and the stiffness of each.
template <typename Real>
struct LossColumns {
  std::vector<std::int32_t> positive_class, excluded_fold;
  std::vector<float> positive_cost;
  std::vector<Real> stiffness;
  float negative_cost = 1;
  bool squared = true;

  LossColumns(const ColumnTable& table, const std::vector<std::int64_t>& columns,
              const std::vector<Real>& stiffness_of_all);
  [[nodiscard]] std::size_t width() const { return stiffness.size(); }
};

/// One row in these columns.
template <typename Real>
struct LossRow {
  std::int32_t label, fold;
  float weight;        ///< factor on C
  const Real* f;       ///< margins
  const Real* centre;  ///< dual variables that the smoothing pulls to
};

/// What the row adds to the derivatives of the loss along `xd`, at step lengths t: all [width].
template <typename Real>
void add_slopes(const LossColumns<Real>& columns, const LossRow<Real>& row, const Real* xd, const double* t,
                double* slope, double* curve);

/// Sets the row's dual variables, and these times y; adds its loss, and its part of the smoothing's gap: all [width].
template <typename Real>
void add_loss(const LossColumns<Real>& columns, const LossRow<Real>& row, Real* alpha, Real* signed_alpha, double* loss,
              double* smoothing_gap);

}  // namespace pool3::svm
