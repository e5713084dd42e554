#include "svm/kernel/box_problem.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <random>
#include <utility>

#include "svm/algebra/cholesky.hpp"
#include "svm/algebra/cpu_clones.hpp"

namespace pool3::svm {
namespace {

template <typename Real>
[[gnu::always_inline]] inline void add_row(const Real* a, double step, std::int64_t count, double* h) {
  for (std::int64_t j = 0; j < count; ++j) h[j] += step * static_cast<double>(a[j]);
}
POOL3_CPU_CLONES void add(const float* a, double step, std::int64_t count, double* h) { add_row(a, step, count, h); }
POOL3_CPU_CLONES void add(const double* a, double step, std::int64_t count, double* h) { add_row(a, step, count, h); }

/// Fixed, but in no order that a catalogue has.
std::vector<std::int32_t> shuffled(std::int64_t count) {
  std::vector<std::int32_t> order(static_cast<std::size_t>(count));
  std::iota(order.begin(), order.end(), 0);
  std::minstd_rand random(12345);
  for (std::size_t i = order.size(); i > 1; --i) std::swap(order[i - 1], order[random() % i]);
  return order;
}

}  // namespace

template <typename Real>
BoxProblem<Real>::BoxProblem(Matrix<Real> a, Doubles low, Doubles high, Doubles v, Doubles h, bool keeps_sum)
    : a_(std::move(a)),
      low_(std::move(low)),
      high_(std::move(high)),
      v_(std::move(v)),
      h_(std::move(h)),
      keeps_sum_(keeps_sum) {}

/// With a fixed sum, the middle between the steepest rise and the steepest fall; else 0.
template <typename Real>
double BoxProblem<Real>::level() const {
  if (!keeps_sum_) return 0;
  double rise = std::numeric_limits<double>::infinity(), fall = -rise;
  for (Eigen::Index i = 0; i < v_.size(); ++i) {
    if (can_rise(i)) rise = std::min(rise, h_[i]);
    if (can_fall(i)) fall = std::max(fall, h_[i]);
  }
  return std::isfinite(rise) && std::isfinite(fall) ? 0.5 * (rise + fall) : 0.0;
}

/// The slope of a variable that can go down it; else 0.
template <typename Real>
double BoxProblem<Real>::slope(Eigen::Index i, double level) const {
  const double h = h_[i] - level;
  return (h < 0 ? can_rise(i) : can_fall(i)) ? h : 0.0;
}

template <typename Real>
double BoxProblem<Real>::violation() const {
  const double l = level();
  double most = 0;
  for (Eigen::Index i = 0; i < v_.size(); ++i) most = std::max(most, std::abs(slope(i, l)));
  return most;
}

template <typename Real>
void BoxProblem<Real>::move(Eigen::Index i, double step) {
  v_[i] = std::clamp(v_[i] + step, low_[i], high_[i]);
  add(a_.row(i).data(), step, a_.cols(), h_.data());
}

template <typename Real>
void BoxProblem<Real>::descend(std::int64_t most_passes) {
  keeps_sum_ ? descend_in_pairs(most_passes * v_.size()) : descend_singly(most_passes);
}

template <typename Real>
void BoxProblem<Real>::descend_singly(std::int64_t most_passes) {
  const auto order = shuffled(v_.size());
  const double enough = 0.01 * violation();
  for (std::int64_t pass = 0; pass < most_passes; ++pass) {
    double most = 0;
    for (const std::int32_t i : order) {
      const double s = slope(i, 0);
      most = std::max(most, std::abs(s));
      if (std::abs(s) <= enough) continue;
      const double to = std::clamp(v_[i] - s / static_cast<double>(a_(i, i)), low_[i], high_[i]);
      move(i, to - v_[i]);
    }
    if (most <= enough) return;
  }
}

/// The pair that goes down steepest, as SMO.
template <typename Real>
void BoxProblem<Real>::descend_in_pairs(std::int64_t most_steps) {
  double enough = -1;
  for (std::int64_t step = 0; step < most_steps; ++step) {
    Eigen::Index up = -1, down = -1;
    for (Eigen::Index i = 0; i < v_.size(); ++i) {
      if (can_rise(i) && (up < 0 || h_[i] < h_[up])) up = i;
      if (can_fall(i) && (down < 0 || h_[i] > h_[down])) down = i;
    }
    if (up < 0 || down < 0) return;
    const double steep = h_[down] - h_[up];
    if (enough < 0) enough = 0.01 * steep;
    if (steep <= enough || steep <= 0) return;
    const auto curve = static_cast<double>(a_(up, up) + a_(down, down) - 2 * a_(up, down));
    const double room = std::min(high_[up] - v_[up], v_[down] - low_[down]);
    const double length = curve > 0 ? std::min(steep / curve, room) : room;
    move(up, length);
    move(down, -length);
  }
}

template <typename Real>
typename BoxProblem<Real>::Places BoxProblem<Real>::open_places(double level) const {
  Places open;
  for (Eigen::Index i = 0; i < v_.size(); ++i)
    if ((can_rise(i) && can_fall(i)) || slope(i, level) != 0) open.push_back(static_cast<std::int32_t>(i));
  return open;
}

/// To the minimum over these variables, limits aside. Empty if the matrix is not positive definite in this precision.
template <typename Real>
template <typename In>
typename BoxProblem<Real>::Doubles BoxProblem<Real>::newton_step(const Places& open) const {
  const auto n = std::ssize(open);
  PositiveSystem<In> system(n, keeps_sum_ ? 2 : 1);
  for (std::int64_t r = 0; r < n; ++r) {
    const Real* from = a_.row(open[static_cast<std::size_t>(r)]).data();
    In* to = system.row(r);
    for (std::int64_t c = 0; c <= r; ++c) to[c] = static_cast<In>(from[open[static_cast<std::size_t>(c)]]);
    if constexpr (std::is_same_v<In, double>) to[r] += 1e-12 * std::abs(to[r]);
    system.right()[r] = static_cast<In>(-h_[open[static_cast<std::size_t>(r)]]);
    if (keeps_sum_) system.right(1)[r] = In{1};
  }
  if (!system.solve()) return {};
  Doubles step = system.right().template cast<double>();
  if (keeps_sum_) {
    const Doubles ones = system.right(1).template cast<double>();
    const double total = ones.sum();
    if (!(total > 0)) return {};
    step -= step.sum() / total * ones;
  }
  return step.allFinite() ? step : Doubles();
}

/// Moves along the step to the minimum on it, no farther than the first limit.
template <typename Real>
void BoxProblem<Real>::move_along(const Places& open, const Doubles& step) {
  double length = 1;
  Eigen::Index first = -1;
  for (Eigen::Index r = 0; r < step.size(); ++r) {
    const Eigen::Index i = open[static_cast<std::size_t>(r)];
    const double room = (step[r] > 0 ? high_[i] : low_[i]) - v_[i];
    if (std::abs(step[r]) * length > std::abs(room)) {
      length = room / step[r];
      first = i;
    }
  }
  for (Eigen::Index r = 0; r < step.size(); ++r) move(open[static_cast<std::size_t>(r)], length * step[r]);
  if (first >= 0)
    v_[first] = std::abs(v_[first] - high_[first]) < std::abs(v_[first] - low_[first]) ? high_[first] : low_[first];
}

/// Moves to the step's end inside the limits, or to the minimum on the way there. False if that way does not go down.
template <typename Real>
bool BoxProblem<Real>::take(const Places& open, const Doubles& step) {
  Doubles change(step.size()), of_gradient = Doubles::Zero(v_.size());
  double slope = 0, curve = 0;
  for (Eigen::Index r = 0; r < step.size(); ++r) {
    const Eigen::Index i = open[static_cast<std::size_t>(r)];
    change[r] = std::clamp(v_[i] + step[r], low_[i], high_[i]) - v_[i];
    slope += change[r] * h_[i];
    if (change[r] != 0) add(a_.row(i).data(), change[r], a_.cols(), of_gradient.data());
  }
  if (!(slope < 0)) return false;
  for (Eigen::Index r = 0; r < step.size(); ++r) curve += change[r] * of_gradient[open[static_cast<std::size_t>(r)]];
  const double length = curve > -slope ? -slope / curve : 1.0;
  for (Eigen::Index r = 0; r < step.size(); ++r) {
    const Eigen::Index i = open[static_cast<std::size_t>(r)];
    v_[i] = std::clamp(v_[i] + length * change[r], low_[i], high_[i]);
  }
  h_ += length * of_gradient;
  return true;
}

template <typename Real>
void BoxProblem<Real>::newton(double enough, int most) {
  const double first = violation();
  for (int step = 0; step < most; ++step) {
    const Places open = open_places(level());
    if (open.empty()) return;
    Doubles to = newton_step<Real>(open);
    if constexpr (std::is_same_v<Real, float>)
      if (to.size() == 0) to = newton_step<double>(open);
    if (to.size() == 0) return;
    if (keeps_sum_ || !take(open, to)) move_along(open, to);
    if (violation() <= enough * first) return;
  }
}

template class BoxProblem<float>;
template class BoxProblem<double>;

}  // namespace pool3::svm
