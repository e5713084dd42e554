#include "svm/newton/smoothed_loss.hpp"

#include "svm/algebra/cpu_clones.hpp"
#include "svm/model/loss.hpp"

// Loops over plain arrays, with a version for each level of CPU: LOSSNOTE

namespace pool3::svm {
namespace {

template <typename RowLoss, typename Real>
POOL3_CPU_CLONES void slopes(RowLoss /*loss*/, const LossColumns<Real>& columns, const LossRow<Real>& row,
                             const Real* xd, const double* t, double* slope, double* curve) {
  const std::int32_t* classes = columns.positive_class.data();
  const std::int32_t* folds = columns.excluded_fold.data();
  const float* positive_cost = columns.positive_cost.data();
  const Real* stiffness = columns.stiffness.data();
  const float negative_cost = columns.negative_cost;
  const std::int64_t width = columns.width();
  for (std::int64_t c = 0; c < width; ++c) {
    const bool active = classes[c] != no_class && folds[c] != row.fold;
    const bool positive = classes[c] == row.label;
    const double y = positive ? 1.0 : -1.0;
    const auto cost = static_cast<double>(row.weight * (positive ? positive_cost[c] : negative_cost));
    const auto x = static_cast<double>(xd[c]), k = static_cast<double>(stiffness[c]);
    const double slack = 1.0 - y * (static_cast<double>(row.f[c]) + t[c] * x);
    const double centre = RowLoss::is_smooth ? 0.0 : static_cast<double>(row.centre[c]);
    const double a = RowLoss::smoothed_dual(cost, slack, centre, k);
    slope[c] -= active ? y * x * a : 0.0;
    curve[c] += active && RowLoss::is_curved(cost, a) ? k * cost * x * x : 0.0;
  }
}

template <typename RowLoss, typename Real>
POOL3_CPU_CLONES void losses(RowLoss /*loss*/, const LossColumns<Real>& columns, const LossRow<Real>& row, Real* alpha,
                             Real* signed_alpha, double* loss, double* smoothing_gap) {
  const std::int32_t* classes = columns.positive_class.data();
  const std::int32_t* folds = columns.excluded_fold.data();
  const float* positive_cost = columns.positive_cost.data();
  const Real* stiffness = columns.stiffness.data();
  const float negative_cost = columns.negative_cost;
  const std::int64_t width = columns.width();
  for (std::int64_t c = 0; c < width; ++c) {
    const bool active = classes[c] != no_class && folds[c] != row.fold;
    const bool positive = classes[c] == row.label;
    const Real y = positive ? Real{1} : Real{-1};
    const Real cost = row.weight * (positive ? positive_cost[c] : negative_cost);
    const Real slack = Real{1} - y * row.f[c];
    const Real centre = RowLoss::is_smooth ? Real{0} : row.centre[c];
    const Real a = RowLoss::smoothed_dual(cost, slack, centre, stiffness[c]);
    alpha[c] = active ? a : Real{0};
    signed_alpha[c] = active ? y * a : Real{0};
    loss[c] += active ? static_cast<double>(RowLoss::loss(cost, slack)) : 0.0;
    if (!RowLoss::is_smooth)
      smoothing_gap[c] += active ? static_cast<double>(RowLoss::smoothing_gap(cost, slack, a)) : 0.0;
  }
}

}  // namespace

template <typename Real>
LossColumns<Real>::LossColumns(const ColumnTable& table, const Places& columns, const PerColumn<Real>& stiffness_of_all)
    : stiffness(picked(stiffness_of_all, columns)), negative_cost(table.negative_cost), loss(table.loss) {
  for (const std::int64_t j : columns) {
    positive_class.push_back(table.positive_class[index(j)]);
    excluded_fold.push_back(table.excluded_fold[index(j)]);
    positive_cost.push_back(table.positive_cost[index(j)]);
  }
}

template <typename Real>
void add_slopes(const LossColumns<Real>& columns, const LossRow<Real>& row, const Real* xd, const Sums& t,
                LossSlopes& sums) {
  with_loss(columns.loss,
            [&](auto loss) { slopes(loss, columns, row, xd, t.data(), sums.slope.data(), sums.curve.data()); });
}

template <typename Real>
void add_loss(const LossColumns<Real>& columns, const LossRow<Real>& row, Real* alpha, Real* signed_alpha, Sums& loss,
              Sums& smoothing_gap) {
  with_loss(columns.loss,
            [&](auto which) { losses(which, columns, row, alpha, signed_alpha, loss.data(), smoothing_gap.data()); });
}

template struct LossColumns<float>;
template struct LossColumns<double>;
template void add_slopes(const LossColumns<float>&, const LossRow<float>&, const float*, const Sums&, LossSlopes&);
template void add_slopes(const LossColumns<double>&, const LossRow<double>&, const double*, const Sums&, LossSlopes&);
template void add_loss(const LossColumns<float>&, const LossRow<float>&, float*, float*, Sums&, Sums&);
template void add_loss(const LossColumns<double>&, const LossRow<double>&, double*, double*, Sums&, Sums&);

}  // namespace pool3::svm
