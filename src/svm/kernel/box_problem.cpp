#include "svm/kernel/box_problem.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <type_traits>
#include <utility>

#include "pool3/cpu_clones.hpp"
#include "svm/algebra/cholesky.hpp"

namespace pool3::svm {
namespace {

constexpr int most_rounds = 4;
constexpr int most_newton_steps = 8;
/// Descent's first share of the violation, and steps for each variable, before Newton is tried.
constexpr double first_share = 0.1;
constexpr std::int64_t descent_steps = 5;
constexpr std::size_t lanes = 16;

/// h += step a, and how much each variable could lower the objective alone: gain[j]. Returns the largest.
template <typename Real>
[[gnu::always_inline]] inline double add_and_rate(const Real* a, double step, std::int64_t count, const double* low,
                                                  const double* high, const double* v, const double* per_curve,
                                                  double* h, double* gain) {
  std::array<double, lanes> best{};
  std::int64_t j = 0;
  const auto rate = [&](std::int64_t at) __attribute__((always_inline)) {
    const double to = h[at] + step * static_cast<double>(a[at]);
    h[at] = to;
    const bool can = to < 0 ? v[at] < high[at] : v[at] > low[at];
    gain[at] = can ? to * to * per_curve[at] : 0.0;
  };
  for (; j + std::int64_t{lanes} <= count; j += lanes)
    for (std::size_t l = 0; l < lanes; ++l) {
      rate(j + std::int64_t(l));
      best[l] = gain[j + std::int64_t(l)] > best[l] ? gain[j + std::int64_t(l)] : best[l];
    }
  for (; j < count; ++j) {
    rate(j);
    best[0] = gain[j] > best[0] ? gain[j] : best[0];
  }
  return *std::max_element(best.begin(), best.end());
}
POOL3_CPU_CLONES double rate(const float* a, double step, std::int64_t count, const double* low, const double* high,
                             const double* v, const double* per_curve, double* h, double* gain) {
  return add_and_rate(a, step, count, low, high, v, per_curve, h, gain);
}
POOL3_CPU_CLONES double rate(const double* a, double step, std::int64_t count, const double* low, const double* high,
                             const double* v, const double* per_curve, double* h, double* gain) {
  return add_and_rate(a, step, count, low, high, v, per_curve, h, gain);
}

template <typename Real>
[[gnu::always_inline]] inline void add_row(const Real* a, double step, std::int64_t count, double* h) {
  for (std::int64_t j = 0; j < count; ++j) h[j] += step * static_cast<double>(a[j]);
}
POOL3_CPU_CLONES void add(const float* a, double step, std::int64_t count, double* h) { add_row(a, step, count, h); }
POOL3_CPU_CLONES void add(const double* a, double step, std::int64_t count, double* h) { add_row(a, step, count, h); }

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
    if (v_[i] < high_[i]) rise = std::min(rise, h_[i]);
    if (v_[i] > low_[i]) fall = std::max(fall, h_[i]);
  }
  return std::isfinite(rise) && std::isfinite(fall) ? 0.5 * (rise + fall) : 0.0;
}

/// The slope of a variable that can go down it; else 0.
template <typename Real>
double BoxProblem<Real>::slope(Eigen::Index i, double level) const {
  const double h = h_[i] - level;
  return (h < 0 ? v_[i] < high_[i] : v_[i] > low_[i]) ? h : 0.0;
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
  v_[i] += step;
  add(a_.row(i).data(), step, a_.cols(), h_.data());
}

/// The variable that lowers the objective most alone, one after the other.
template <typename Real>
void BoxProblem<Real>::descend(double enough, std::int64_t most_steps) {
  const Doubles per_curve = a_.diagonal().template cast<double>().cwiseInverse();
  Doubles gain(v_.size());
  double step = 0;
  Eigen::Index i = 0;
  for (std::int64_t k = 0; k < most_steps; ++k) {
    const double best = rate(a_.row(i).data(), step, a_.cols(), low_.data(), high_.data(), v_.data(), per_curve.data(),
                             h_.data(), gain.data());
    i = std::find(gain.begin(), gain.end(), best) - gain.begin();
    step = 0;
    if (best == 0 || std::abs(h_[i]) <= enough) return;
    const double to = std::clamp(v_[i] - h_[i] * per_curve[i], low_[i], high_[i]);
    step = to - v_[i];
    v_[i] = to;
  }
  add(a_.row(i).data(), step, a_.cols(), h_.data());
}

/// The pair that goes down steepest, as SMO.
template <typename Real>
void BoxProblem<Real>::descend_in_pairs(double enough, std::int64_t most_steps) {
  for (std::int64_t step = 0; step < most_steps; ++step) {
    Eigen::Index up = -1, down = -1;
    for (Eigen::Index i = 0; i < v_.size(); ++i) {
      if (v_[i] < high_[i] && (up < 0 || h_[i] < h_[up])) up = i;
      if (v_[i] > low_[i] && (down < 0 || h_[i] > h_[down])) down = i;
    }
    if (up < 0 || down < 0) return;
    const double steep = h_[down] - h_[up];
    if (steep <= 2 * enough) return;
    const auto curve = static_cast<double>(a_(up, up) + a_(down, down) - 2 * a_(up, down));
    const double room_up = high_[up] - v_[up], room_down = v_[down] - low_[down];
    const double room = std::min(room_up, room_down);
    const double length = curve > 0 ? std::min(steep / curve, room) : room;
    move(up, length);
    move(down, -length);
    if (length == room_up) v_[up] = high_[up];
    if (length == room_down) v_[down] = low_[down];
  }
}

/// How much of the diagonal the other entries are, on average, from where single variables undo each other's steps.
constexpr double alike = 0.93;

template <typename Real>
bool BoxProblem<Real>::rows_are_alike() const {
  const Eigen::Index n = a_.rows(), some = std::max<Eigen::Index>(1, n / 32);
  double sum = 0, diagonal = 0;
  for (Eigen::Index i = 0; i < n; i += some) {
    sum += static_cast<double>(a_.row(i).sum()) / static_cast<double>(n);
    diagonal += static_cast<double>(a_(i, i));
  }
  return sum > alike * diagonal;
}

template <typename Real>
void BoxProblem<Real>::descend_mixed(double enough, std::int64_t most_steps) {
  for (std::int64_t step = 0; step < most_steps; ++step) {
    Eigen::Index up = -1, down = -1;
    for (Eigen::Index i = 0; i < v_.size(); ++i) {
      if (v_[i] < high_[i] && (up < 0 || h_[i] < h_[up])) up = i;
      if (v_[i] > low_[i] && (down < 0 || h_[i] > h_[down])) down = i;
    }
    const double rise = up < 0 ? 0.0 : std::max(0.0, -h_[up]), fall = down < 0 ? 0.0 : std::max(0.0, h_[down]);
    if (std::max(rise, fall) <= enough) return;
    const auto gain_of = [](double steep, double curve, double length) {
      return length * (steep - 0.5 * curve * length);
    };
    const Eigen::Index one = rise > fall ? up : down;
    const auto curve_of_one = static_cast<double>(a_(one, one));
    const double to = std::clamp(v_[one] - h_[one] / curve_of_one, low_[one], high_[one]);
    const double gain_of_one = gain_of(std::abs(h_[one]), curve_of_one, std::abs(to - v_[one]));
    double length = 0, gain_of_two = 0;
    if (up >= 0 && down >= 0 && up != down && h_[down] > h_[up]) {
      const auto curve = static_cast<double>(a_(up, up) + a_(down, down) - 2 * a_(up, down));
      const double steep = h_[down] - h_[up], room = std::min(high_[up] - v_[up], v_[down] - low_[down]);
      length = curve > 0 ? std::min(steep / curve, room) : room;
      gain_of_two = std::isfinite(length) ? gain_of(steep, curve, length) : 0.0;
    }
    if (gain_of_two > gain_of_one) {
      const double v_up = std::min(v_[up] + length, high_[up]), v_down = std::max(v_[down] - length, low_[down]);
      move(up, v_up - v_[up]);
      move(down, v_down - v_[down]);
      v_[up] = v_up;
      v_[down] = v_down;
    } else {
      if (!(gain_of_one > 0)) return;
      move(one, to - v_[one]);
      v_[one] = to;
    }
  }
}

/// At its limit: what is there and would go beyond.
template <typename Real>
typename BoxProblem<Real>::Sides BoxProblem<Real>::sides() const {
  Sides all;
  const double l = level();
  for (Eigen::Index i = 0; i < v_.size(); ++i) {
    const bool at_low = v_[i] <= low_[i], at_high = v_[i] >= high_[i];
    const bool stays = at_low == at_high ? at_low : slope(i, l) == 0;
    all.push_back(!stays ? Side::between : at_low ? Side::low : Side::high);
  }
  return all;
}

/// What that adds to the sum.
template <typename Real>
double BoxProblem<Real>::move_to_limits(const Sides& sides) {
  double added = 0;
  for (Eigen::Index i = 0; i < v_.size(); ++i) {
    const Side side = sides[static_cast<std::size_t>(i)];
    if (side == Side::between) continue;
    const double to = side == Side::low ? low_[i] : high_[i], step = to - v_[i];
    if (step == 0) continue;
    move(i, step);
    v_[i] = to;
    added += step;
  }
  return added;
}

/// To the minimum over these variables, limits aside, where the slope is level; with a fixed sum, `sum` is what they
/// add up to. Empty if the matrix is not positive definite in this precision.
template <typename Real>
template <typename In>
typename BoxProblem<Real>::Doubles BoxProblem<Real>::newton_step(const std::vector<std::int32_t>& open,
                                                                 double sum) const {
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
    step += (sum - step.sum()) / total * ones;
  }
  return step.allFinite() ? step : Doubles();
}

/// True if any side has changed: what is outside goes to its limit, what would come in from there is between.
template <typename Real>
bool BoxProblem<Real>::update(Sides& sides) const {
  bool changed = false;
  for (Eigen::Index i = 0; i < v_.size(); ++i) {
    Side& side = sides[static_cast<std::size_t>(i)];
    Side to = side;
    const double h = h_[i] - level_;
    if (side == Side::between) {
      if (v_[i] <= low_[i]) to = Side::low;
      if (v_[i] >= high_[i]) to = Side::high;
    } else if (low_[i] < high_[i] && (side == Side::low ? h < 0 : h > 0)) {
      to = Side::between;
    }
    changed = changed || to != side;
    side = to;
  }
  return changed;
}

/// The primal-dual active set method (Hintermueller, Ito, Kunisch 2002): Newton's method on who is at which limit. It
/// ends with the minimum, or else where it started if it found nothing lower. True if something lower was found.
template <typename Real>
bool BoxProblem<Real>::newton(int most_steps) {
  const Doubles v = v_, h = h_;
  Sides now = sides();
  bool changed = true, sound = true;
  for (int step = 0; step < most_steps && changed && sound; ++step) {
    const double added = move_to_limits(now);
    std::vector<std::int32_t> open;
    for (std::size_t i = 0; i < now.size(); ++i)
      if (now[i] == Side::between) open.push_back(static_cast<std::int32_t>(i));
    if (open.empty()) break;
    Doubles to = newton_step<Real>(open, -added);
    if constexpr (std::is_same_v<Real, float>)
      if (to.size() == 0) to = newton_step<double>(open, -added);
    sound = to.size() > 0;
    if (!sound) break;
    level_ = 0;
    for (std::size_t r = 0; r < open.size(); ++r) move(open[r], to[static_cast<Eigen::Index>(r)]);
    for (const std::int32_t i : open) level_ += h_[i] / static_cast<double>(open.size());
    if (!keeps_sum_) level_ = 0;
    changed = update(now);
  }
  if (changed && sound && !keeps_sum_)
    for (Eigen::Index i = 0; i < v_.size(); ++i)
      if (const double to = std::clamp(v_[i], low_[i], high_[i]); to != v_[i]) {
        move(i, to - v_[i]);
        v_[i] = to;
      }
  const bool inside = ((v_ - low_).array() >= 0).all() && ((high_ - v_).array() >= 0).all();
  if (sound && inside && (v_ - v).dot(h_ + h) < 0) return true;
  v_ = v;
  h_ = h;
  return false;
}

template <typename Real>
void BoxProblem<Real>::solve(double enough) {
  const double first = violation();
  double share = first_share;
  const bool mixed = !keeps_sum_ && rows_are_alike();
  for (int round = 0; round < most_rounds; ++round) {
    const std::int64_t steps = descent_steps * v_.size() << (2 * round);
    if (keeps_sum_)
      descend_in_pairs(share * first, steps);
    else if (mixed)
      descend_mixed(share * first, steps);
    else
      descend(share * first, steps);
    if (violation() <= enough * first) return;
    (void)newton(most_newton_steps);
    if (violation() <= enough * first) return;
    share *= 0.1;
  }
}

template class BoxProblem<float>;
template class BoxProblem<double>;

}  // namespace pool3::svm
