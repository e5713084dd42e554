#include "svm/smoothed_loss.hpp"

#include <algorithm>

#include "svm/cpu_clones.hpp"

namespace pool3::detail {
namespace {

template <bool Squared>
[[gnu::always_inline]] inline void slopes(const LossColumns& columns, const LossRow& row, const float* xd,
                                          const double* t, double* slope, double* curve) {
  const std::int32_t* classes = columns.positive_class.data();
  const std::int32_t* folds = columns.excluded_fold.data();
  const float* positive_cost = columns.positive_cost.data();
  const float* stiffness = columns.stiffness.data();
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

template <bool Squared>
[[gnu::always_inline]] inline void losses(const LossColumns& columns, const LossRow& row, float* alpha,
                                          float* signed_alpha, double* loss, double* smoothing_gap) {
  const std::int32_t* classes = columns.positive_class.data();
  const std::int32_t* folds = columns.excluded_fold.data();
  const float* positive_cost = columns.positive_cost.data();
  const float* stiffness = columns.stiffness.data();
  const float negative_cost = columns.negative_cost;
  const std::size_t width = columns.width();
  for (std::size_t c = 0; c < width; ++c) {
    const bool active = classes[c] != no_class && folds[c] != row.fold;
    const bool positive = classes[c] == row.label;
    const float y = positive ? 1.0F : -1.0F;
    const float cost = row.weight * (positive ? positive_cost[c] : negative_cost);
    const float slack = 1.0F - y * row.f[c], xi = std::max(slack, 0.0F);
    const float free = std::max((Squared ? 0.0F : row.centre[c]) + stiffness[c] * cost * slack, 0.0F);
    const float a = Squared ? free : std::min(free, cost);
    alpha[c] = active ? a : 0.0F;
    signed_alpha[c] = active ? y * a : 0.0F;
    loss[c] += active ? static_cast<double>(Squared ? cost * xi * xi : cost * xi) : 0.0;
    if (!Squared) smoothing_gap[c] += active ? static_cast<double>((cost - a) * xi - a * std::min(slack, 0.0F)) : 0.0;
  }
}

POOL3_CPU_CLONES void slopes_squared(const LossColumns& columns, const LossRow& row, const float* xd, const double* t,
                                     double* slope, double* curve) {
  slopes<true>(columns, row, xd, t, slope, curve);
}
POOL3_CPU_CLONES void slopes_hinge(const LossColumns& columns, const LossRow& row, const float* xd, const double* t,
                                   double* slope, double* curve) {
  slopes<false>(columns, row, xd, t, slope, curve);
}
POOL3_CPU_CLONES void losses_squared(const LossColumns& columns, const LossRow& row, float* alpha, float* signed_alpha,
                                     double* loss, double* smoothing_gap) {
  losses<true>(columns, row, alpha, signed_alpha, loss, smoothing_gap);
}
POOL3_CPU_CLONES void losses_hinge(const LossColumns& columns, const LossRow& row, float* alpha, float* signed_alpha,
                                   double* loss, double* smoothing_gap) {
  losses<false>(columns, row, alpha, signed_alpha, loss, smoothing_gap);
}

}  // namespace

LossColumns::LossColumns(const ColumnTable& table, const std::vector<std::int64_t>& columns,
                         const std::vector<float>& stiffness_of_all)
    : negative_cost(table.negative_cost), squared(table.loss == Loss::l2) {
  for (const std::int64_t j : columns) {
    positive_class.push_back(table.positive_class[index(j)]);
    excluded_fold.push_back(table.excluded_fold[index(j)]);
    positive_cost.push_back(table.positive_cost[index(j)]);
    stiffness.push_back(stiffness_of_all[index(j)]);
  }
}

void add_slopes(const LossColumns& columns, const LossRow& row, const float* xd, const double* t, double* slope,
                double* curve) {
  (columns.squared ? slopes_squared : slopes_hinge)(columns, row, xd, t, slope, curve);
}

void add_loss(const LossColumns& columns, const LossRow& row, float* alpha, float* signed_alpha, double* loss,
              double* smoothing_gap) {
  (columns.squared ? losses_squared : losses_hinge)(columns, row, alpha, signed_alpha, loss, smoothing_gap);
}

}  // namespace pool3::detail
