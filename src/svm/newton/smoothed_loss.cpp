#include "svm/newton/smoothed_loss.hpp"

#include <algorithm>

#include "svm/algebra/cpu_clones.hpp"

namespace pool3::svm {
namespace {

template <bool Squared, typename Real>
POOL3_CPU_CLONES void slopes(const LossColumns<Real>& columns, const LossRow<Real>& row, const Real* xd,
                             const double* t, double* slope, double* curve) {
  const std::int32_t* classes = columns.positive_class.data();
  const std::int32_t* folds = columns.excluded_fold.data();
  const float* positive_cost = columns.positive_cost.data();
  const Real* stiffness = columns.stiffness.data();
  const float negative_cost = columns.negative_cost;
  const std::size_t width = columns.width();
  for (std::size_t c = 0; c < width; ++c) {
    const bool active = classes[c] != no_class && folds[c] != row.fold;
    const bool positive = classes[c] == row.label;
    const double y = positive ? 1.0 : -1.0;
    const auto cost = static_cast<double>(row.weight * (positive ? positive_cost[c] : negative_cost));
    const auto x = static_cast<double>(xd[c]);
    const double slack = 1.0 - y * (static_cast<double>(row.f[c]) + t[c] * x);
    const double pull = static_cast<double>(stiffness[c]) * cost;
    const double a = (Squared ? 0.0 : static_cast<double>(row.centre[c])) + pull * slack;
    const bool above = active && a > 0, inside = above && (Squared || a < cost);
    slope[c] -= above ? y * x * (inside ? a : cost) : 0.0;
    curve[c] += inside ? pull * x * x : 0.0;
  }
}

template <bool Squared, typename Real>
POOL3_CPU_CLONES void losses(const LossColumns<Real>& columns, const LossRow<Real>& row, Real* alpha,
                             Real* signed_alpha, double* loss, double* smoothing_gap) {
  const std::int32_t* classes = columns.positive_class.data();
  const std::int32_t* folds = columns.excluded_fold.data();
  const float* positive_cost = columns.positive_cost.data();
  const Real* stiffness = columns.stiffness.data();
  const float negative_cost = columns.negative_cost;
  const std::size_t width = columns.width();
  for (std::size_t c = 0; c < width; ++c) {
    const bool active = classes[c] != no_class && folds[c] != row.fold;
    const bool positive = classes[c] == row.label;
    const Real y = positive ? Real{1} : Real{-1};
    const Real cost = row.weight * (positive ? positive_cost[c] : negative_cost);
    const Real slack = Real{1} - y * row.f[c], xi = std::max(slack, Real{0});
    const Real free = std::max((Squared ? Real{0} : row.centre[c]) + stiffness[c] * cost * slack, Real{0});
    const Real a = Squared ? free : std::min(free, cost);
    alpha[c] = active ? a : Real{0};
    signed_alpha[c] = active ? y * a : Real{0};
    loss[c] += active ? static_cast<double>(Squared ? cost * xi * xi : cost * xi) : 0.0;
    if (!Squared)
      smoothing_gap[c] += active ? static_cast<double>((cost - a) * xi - a * std::min(slack, Real{0})) : 0.0;
  }
}

}  // namespace

template <typename Real>
LossColumns<Real>::LossColumns(const ColumnTable& table, const std::vector<std::int64_t>& columns,
                               const std::vector<Real>& stiffness_of_all)
    : negative_cost(table.negative_cost), squared(table.loss == Loss::l2) {
  for (const std::int64_t j : columns) {
    positive_class.push_back(table.positive_class[index(j)]);
    excluded_fold.push_back(table.excluded_fold[index(j)]);
    positive_cost.push_back(table.positive_cost[index(j)]);
    stiffness.push_back(stiffness_of_all[index(j)]);
  }
}

template <typename Real>
void add_slopes(const LossColumns<Real>& columns, const LossRow<Real>& row, const Real* xd, const double* t,
                double* slope, double* curve) {
  (columns.squared ? slopes<true, Real> : slopes<false, Real>)(columns, row, xd, t, slope, curve);
}

template <typename Real>
void add_loss(const LossColumns<Real>& columns, const LossRow<Real>& row, Real* alpha, Real* signed_alpha, double* loss,
              double* smoothing_gap) {
  (columns.squared ? losses<true, Real> : losses<false, Real>)(columns, row, alpha, signed_alpha, loss, smoothing_gap);
}

template struct LossColumns<float>;
template struct LossColumns<double>;
template void add_slopes(const LossColumns<float>&, const LossRow<float>&, const float*, const double*, double*,
                         double*);
template void add_slopes(const LossColumns<double>&, const LossRow<double>&, const double*, const double*, double*,
                         double*);
template void add_loss(const LossColumns<float>&, const LossRow<float>&, float*, float*, double*, double*);
template void add_loss(const LossColumns<double>&, const LossRow<double>&, double*, double*, double*, double*);

}  // namespace pool3::svm
