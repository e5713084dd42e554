#include "svm/gram/gram_column.hpp"

#include <algorithm>
#include <cmath>
#include <type_traits>
#include <utility>

#include "svm/algebra/cholesky.hpp"
#include "svm/algebra/cpu_clones.hpp"
#include "svm/newton/smoothing.hpp"

namespace pool3::svm {
namespace {

/// The squared hinge's matrix is factorised in float up to this condition: 7 digits, less 5, are what a step needs.
constexpr double well_conditioned = 1e5;

template <typename Real>
double dot(const std::vector<Real>& a, const std::vector<Real>& b) {
  double sum = 0;
  for (std::size_t i = 0; i < a.size(); ++i) sum += static_cast<double>(a[i]) * static_cast<double>(b[i]);
  return sum;
}

/// a . (b - c)
template <typename Real>
double dot_difference(const std::vector<Real>& a, const std::vector<Real>& b, const std::vector<Real>& c) {
  double sum = 0;
  for (std::size_t i = 0; i < a.size(); ++i) sum += static_cast<double>(a[i]) * static_cast<double>(b[i] - c[i]);
  return sum;
}

template <typename From, typename To>
[[gnu::always_inline]] inline void pick_entries(const From* row, const std::int32_t* at, std::int64_t count, To* out) {
  for (std::int64_t c = 0; c < count; ++c) out[c] = static_cast<To>(row[at[c]]);
}
/// The entries of `row` at `at`.
POOL3_CPU_CLONES void pick(const float* row, const std::int32_t* at, std::int64_t count, float* out) {
  pick_entries(row, at, count, out);
}
POOL3_CPU_CLONES void pick(const float* row, const std::int32_t* at, std::int64_t count, double* out) {
  pick_entries(row, at, count, out);
}
POOL3_CPU_CLONES void pick(const double* row, const std::int32_t* at, std::int64_t count, double* out) {
  pick_entries(row, at, count, out);
}

}  // namespace

template <typename Real>
GramColumn<Real>::GramColumn(GramColumnProblem<Real> problem, Reals u, Reals f)
    : problem_(std::move(problem)),
      u_(std::move(u)),
      f_(std::move(f)),
      centre_(u_.size(), Real{0}),
      stiffness_(problem_.squared ? Real{2} : static_cast<Real>(Precision<Real>::gram.first)) {
  if (!problem_.squared)
    for (std::size_t i = 0; i < u_.size(); ++i)
      centre_[i] = std::clamp(problem_.y[i] * u_[i], Real{0}, problem_.cost[i]);
  duals_ = u_;
  dual_margins_ = f_;
}

template <typename Real>
void GramColumn<Real>::set_duals() {
  duals_.resize(f_.size());
  for (std::size_t i = 0; i < f_.size(); ++i) {
    const Real y = problem_.y[i], cost = problem_.cost[i];
    const Real a = std::max(centre_[i] + pull(i) * (Real{1} - y * f_[i]), Real{0});
    duals_[i] = y * (problem_.squared ? a : std::min(a, cost));
  }
}

template <typename Real>
bool GramColumn<Real>::is_free(std::size_t i) const {
  const Real a = std::abs(duals_[i]);
  return a > Real{0} && (problem_.squared || a < problem_.cost[i]);
}

template <typename Real>
void GramColumn<Real>::take_dual_margins(Reals margins) {
  dual_margins_ = std::move(margins);
  double loss = 0, smoothing = 0, gradient = 0;
  for (std::size_t i = 0; i < f_.size(); ++i) {
    const auto slack = static_cast<double>(Real{1} - problem_.y[i] * f_[i]);
    const auto cost = static_cast<double>(problem_.cost[i]), a = static_cast<double>(std::abs(duals_[i]));
    const double xi = std::max(slack, 0.0);
    loss += problem_.squared ? cost * xi * xi : cost * xi;
    if (!problem_.squared) smoothing += cost * xi - a * slack;
    gradient += static_cast<double>(u_[i] - duals_[i]) * static_cast<double>(f_[i] - dual_margins_[i]);
  }
  primal_ = loss + 0.5 * dot(u_, f_);
  gap_ = smoothing + 0.5 * std::max(gradient, 0.0);
  if (!problem_.squared && 0.5 * gradient <= near_minimum * smoothing) move_centre();
}

/// The duals stay as they are but for the greater stiffness, so the margins that were just taken serve on.
template <typename Real>
void GramColumn<Real>::move_centre() {
  for (std::size_t i = 0; i < centre_.size(); ++i) centre_[i] = std::abs(duals_[i]);
  constexpr Pace pace = Precision<Real>::gram;
  stiffness_ = static_cast<Real>(std::min(pace.growth * static_cast<double>(stiffness_), pace.most));
}

template <typename Real>
template <typename In>
std::vector<In> GramColumn<Real>::solve_free(const std::vector<std::int32_t>& free) const {
  const std::int64_t n = std::ssize(free), rows = std::ssize(duals_);
  PositiveSystem<In> system(n);
  for (std::int64_t r = 0; r < n; ++r) {
    const std::size_t i = index(free[index(r)]);
    pick(problem_.gram->data() + std::int64_t(i) * rows, free.data(), r + 1, system.row(r));
    system.row(r)[r] += In{1} / static_cast<In>(pull(i));
    // At the minimum: f + u / pull = y (1 + centre / pull).
    const Real towards = (centre_[i] - std::abs(duals_[i])) / pull(i);
    system.right()[r] = static_cast<In>(problem_.y[i] * (Real{1} + towards) - dual_margins_[i]);
  }
  if (!system.solve()) return {};
  return {system.right(), system.right() + n};
}

/// How large the rows are beside what is added to the diagonal, which is small in a stiff hinge and at a large C.
template <typename Real>
double GramColumn<Real>::condition(const std::vector<std::int32_t>& free) const {
  double sum = 0;
  for (const std::int32_t i : free) {
    const std::size_t at = index(i);
    sum += static_cast<double>(pull(at)) * static_cast<double>((*problem_.gram)[at * duals_.size() + at]);
  }
  return sum;
}

template <typename Real>
std::vector<Real> GramColumn<Real>::newton_point() const {
  std::vector<std::int32_t> free;
  for (std::size_t i = 0; i < duals_.size(); ++i)
    if (is_free(i)) free.push_back(static_cast<std::int32_t>(i));
  Reals to = duals_;
  const auto add = [&](const auto& step) {
    for (std::size_t r = 0; r < step.size(); ++r) to[index(free[r])] += static_cast<Real>(step[r]);
    return step.size() == free.size();
  };
  if constexpr (std::is_same_v<Real, float>)
    if (problem_.squared && condition(free) < well_conditioned) return add(solve_free<float>(free)) ? to : Reals{};
  return add(solve_free<double>(free)) ? to : Reals{};
}

template <typename Real>
double GramColumn<Real>::step_length(const Reals& u, const Reals& f) const {
  const double vd = dot_difference(u_, f, f_);
  const double dd = dot_difference(u, f, f_) - vd;
  if (!(dd > 0)) return 0;
  return line_search({vd}, {dd}, [&](const Doubles& t) { return loss_slopes(f, t.front()); }).front();
}

/// Derivatives of the loss at f_ + t (f - f_).
template <typename Real>
LossSlopes GramColumn<Real>::loss_slopes(const Reals& f, double t) const {
  double slope = 0, curve = 0;
  for (std::size_t i = 0; i < f.size(); ++i) {
    const auto x = static_cast<double>(f[i] - f_[i]), y = static_cast<double>(problem_.y[i]);
    const auto stiff = static_cast<double>(pull(i)), cost = static_cast<double>(problem_.cost[i]);
    const double a = static_cast<double>(centre_[i]) + stiff * (1.0 - y * (static_cast<double>(f_[i]) + t * x));
    const bool inside = a > 0 && (problem_.squared || a < cost);
    slope -= y * x * (inside ? a : (a > 0 ? cost : 0.0));
    curve += inside ? stiff * x * x : 0.0;
  }
  return {{slope}, {curve}};
}

template <typename Real>
void GramColumn<Real>::move_towards(const Reals& u, const Reals& f) {
  const auto t = static_cast<Real>(step_length(u, f));
  for (std::size_t i = 0; i < u_.size(); ++i) {
    u_[i] += t * (u[i] - u_[i]);
    f_[i] += t * (f[i] - f_[i]);
  }
  set_duals();
}

template class GramColumn<float>;
template class GramColumn<double>;

}  // namespace pool3::svm
