#include "svm/gram/gram_column.hpp"

#include <algorithm>
#include <cmath>
#include <type_traits>
#include <utility>

#include "svm/algebra/cholesky.hpp"
#include "svm/algebra/gather_entries.hpp"
#include "svm/model/loss.hpp"
#include "svm/newton/line_search.hpp"
#include "svm/newton/precision.hpp"

namespace pool3::svm {
namespace {

/// The squared hinge's matrix is factorised in float up to this condition: 7 digits, less 5, are what a step needs.
constexpr double well_conditioned = 1e5;

/// a . b in double.
template <typename A, typename B>
double dot(const A& a, const B& b) {
  return a.template cast<double>().dot(b.template cast<double>());
}

}  // namespace

template <typename Real>
GramColumn<Real>::GramColumn(GramColumnProblem<Real> problem, Values u, Values f)
    : problem_(std::move(problem)),
      u_(std::move(u)),
      f_(std::move(f)),
      centre_(Values::Zero(u_.size())),
      stiffness_(static_cast<Real>(problem_.loss == Loss::l2 ? SquaredHinge::stiffness : Precision<Real>::gram.first)),
      duals_(u_),
      dual_margins_(f_) {
  if (problem_.loss == Loss::l1) centre_ = problem_.y.cwiseProduct(u_).cwiseMax(Real{0}).cwiseMin(problem_.cost);
}

template <typename Real>
void GramColumn<Real>::set_duals() {
  with_loss(problem_.loss, [&](auto loss) {
    for (Eigen::Index i = 0; i < f_.size(); ++i) {
      const Real y = problem_.y[i];
      duals_[i] = y * loss.smoothed_dual(problem_.cost[i], Real{1} - y * f_[i], centre_[i], stiffness_);
    }
  });
}

template <typename Real>
typename GramColumn<Real>::Rows GramColumn<Real>::free_rows() const {
  Rows free;
  with_loss(problem_.loss, [&](auto loss) {
    for (Eigen::Index i = 0; i < duals_.size(); ++i)
      if (loss.is_curved(problem_.cost[i], std::abs(duals_[i]))) free.push_back(static_cast<std::int32_t>(i));
  });
  return free;
}

template <typename Real>
void GramColumn<Real>::take_dual_margins(Values margins) {
  dual_margins_ = std::move(margins);
  double sum = 0, smoothing = 0;
  with_loss(problem_.loss, [&](auto loss) {
    for (Eigen::Index i = 0; i < f_.size(); ++i) {
      const auto slack = static_cast<double>(Real{1} - problem_.y[i] * f_[i]);
      const auto cost = static_cast<double>(problem_.cost[i]), a = static_cast<double>(std::abs(duals_[i]));
      sum += loss.loss(cost, slack);
      smoothing += loss.smoothing_gap(cost, slack, a);
    }
  });
  const double gradient = dot(u_ - duals_, f_ - dual_margins_);
  primal_ = sum + 0.5 * dot(u_, f_);
  gap_ = smoothing + 0.5 * std::max(gradient, 0.0);
  if (problem_.loss == Loss::l1 && 0.5 * gradient <= near_minimum * smoothing) move_centre();
}

/// The duals stay as they are but for the greater stiffness, so the margins that were just taken stay right.
template <typename Real>
void GramColumn<Real>::move_centre() {
  centre_ = duals_.cwiseAbs();
  constexpr Pace pace = Precision<Real>::gram;
  stiffness_ = static_cast<Real>(std::min(pace.growth * static_cast<double>(stiffness_), pace.most));
}

/// What to add to the duals of these rows; empty if the matrix is not positive definite in this precision.
template <typename Real>
template <typename In>
Vector<In> GramColumn<Real>::solve_free(const Rows& free) const {
  const std::int64_t n = std::ssize(free);
  PositiveSystem<In> system(n);
  auto right = system.right();
  for (std::int64_t r = 0; r < n; ++r) {
    const std::int32_t i = free[static_cast<std::size_t>(r)];
    const Real pull = stiffness_ * problem_.cost[i];
    pick(problem_.gram->row(i).data(), free.data(), r + 1, system.row(r));
    system.row(r)[r] += In{1} / static_cast<In>(pull);
    // At the minimum: f + u / pull = y (1 + centre / pull).
    const Real towards = (centre_[i] - std::abs(duals_[i])) / pull;
    right[r] = static_cast<In>(problem_.y[i] * (Real{1} + towards) - dual_margins_[i]);
  }
  if (!system.solve()) return {};
  return right;
}

/// How large the rows are beside what is added to the diagonal, which is small in a stiff hinge and at a large C.
template <typename Real>
double GramColumn<Real>::condition(const Rows& free) const {
  double sum = 0;
  for (const std::int32_t i : free)
    sum += static_cast<double>(stiffness_ * problem_.cost[i]) * static_cast<double>((*problem_.gram)(i, i));
  return sum;
}

template <typename Real>
typename GramColumn<Real>::Values GramColumn<Real>::newton_point() const {
  const Rows free = free_rows();
  const auto point = [&](const auto& step) -> Values {
    if (step.size() != std::ssize(free)) return {};
    Values to = duals_;
    to(free) += step.template cast<Real>();
    return to;
  };
  if constexpr (std::is_same_v<Real, float>)
    if (problem_.loss == Loss::l2 && condition(free) < well_conditioned) return point(solve_free<float>(free));
  return point(solve_free<double>(free));
}

template <typename Real>
double GramColumn<Real>::step_length(const Values& u, const Values& f) const {
  const Values xd = f - f_;
  const double vd = dot(u_, xd), dd = dot(u, xd) - vd;
  if (!(dd > 0)) return 0;
  return line_search(Sums::Constant(1, vd), Sums::Constant(1, dd),
                     [&](const Sums& t) { return loss_slopes(xd, t[0]); })[0];
}

/// Derivatives of the loss at f_ + t xd.
template <typename Real>
LossSlopes GramColumn<Real>::loss_slopes(const Values& xd, double t) const {
  double slope = 0, curve = 0;
  with_loss(problem_.loss, [&](auto loss) {
    const auto k = static_cast<double>(stiffness_);
    for (Eigen::Index i = 0; i < xd.size(); ++i) {
      const auto x = static_cast<double>(xd[i]), y = static_cast<double>(problem_.y[i]);
      const auto cost = static_cast<double>(problem_.cost[i]), centre = static_cast<double>(centre_[i]);
      const double slack = 1.0 - y * (static_cast<double>(f_[i]) + t * x);
      const double a = loss.smoothed_dual(cost, slack, centre, k);
      slope -= y * x * a;
      curve += loss.is_curved(cost, a) ? k * cost * x * x : 0.0;
    }
  });
  return {Sums::Constant(1, slope), Sums::Constant(1, curve)};
}

template <typename Real>
void GramColumn<Real>::move_towards(const Values& u, const Values& f) {
  const auto t = static_cast<Real>(step_length(u, f));
  u_ += t * (u - u_);
  f_ += t * (f - f_);
  set_duals();
}

template class GramColumn<float>;
template class GramColumn<double>;

}  // namespace pool3::svm
