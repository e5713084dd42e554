#include "svm/kernel/box/box_descent.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "pool3/numbers/target_clones.hpp"
#include "svm/algebra/add_row.hpp"

namespace pool3::svm {
namespace {

constexpr std::size_t lanes = 16;
constexpr double infinity = std::numeric_limits<double>::infinity();

/// A box's variables for loops that become vector instructions.
struct Variables {
  std::int64_t count;
  const double *low, *high, *v, *per_curve;
};

/// h += step a, and how much each variable could lower the objective alone: gain[j]. Returns the largest.
template <typename Real>
[[gnu::always_inline]] inline double add_and_rate(const Real* a, double step, Variables x, double* h, double* gain) {
  std::array<double, lanes> best{};
  std::int64_t j = 0;
  const auto rate = [&](std::int64_t at) __attribute__((always_inline)) {
    const double to = h[at] + step * static_cast<double>(a[at]);
    h[at] = to;
    const bool can = to < 0 ? x.v[at] < x.high[at] : x.v[at] > x.low[at];
    gain[at] = can ? to * to * x.per_curve[at] : 0.0;
  };
  for (; j + std::int64_t{lanes} <= x.count; j += lanes)
    for (std::size_t l = 0; l < lanes; ++l) {
      rate(j + std::int64_t(l));
      best[l] = gain[j + std::int64_t(l)] > best[l] ? gain[j + std::int64_t(l)] : best[l];
    }
  for (; j < x.count; ++j) {
    rate(j);
    best[0] = gain[j] > best[0] ? gain[j] : best[0];
  }
  return *std::max_element(best.begin(), best.end());
}
POOL3_TARGET_CLONES double rate(const float* a, double step, Variables x, double* h, double* gain) {
  return add_and_rate(a, step, x, h, gain);
}
POOL3_TARGET_CLONES double rate(const double* a, double step, Variables x, double* h, double* gain) {
  return add_and_rate(a, step, x, h, gain);
}

/// The lowest slope of those that can rise, and the highest of those that can fall; infinite if there is none.
struct Slopes {
  double rise, fall;
};
POOL3_TARGET_CLONES Slopes steepest_slopes(std::int64_t count, const double* low, const double* high, const double* v,
                                           const double* h) {
  std::array<double, lanes> rise{}, fall{};
  rise.fill(infinity);
  fall.fill(-infinity);
  std::int64_t j = 0;
  const auto look = [&](std::int64_t at, std::size_t l) __attribute__((always_inline)) {
    double up = infinity, down = -infinity;
    if (v[at] < high[at]) up = h[at];
    if (v[at] > low[at]) down = h[at];
    rise[l] = up < rise[l] ? up : rise[l];
    fall[l] = down > fall[l] ? down : fall[l];
  };
  for (; j + std::int64_t{lanes} <= count; j += lanes)
    for (std::size_t l = 0; l < lanes; ++l) look(j + std::int64_t(l), l);
  for (; j < count; ++j) look(j, 0);
  return {*std::ranges::min_element(rise), *std::ranges::max_element(fall)};
}

/// The variable that would rise steepest, and the one that would fall; -1: none can.
struct Pair {
  Eigen::Index up = -1, down = -1;
};
template <typename Real>
Pair steepest(const Box<Real>& b) {
  const Slopes slopes = steepest_slopes(b.size(), b.low.data(), b.high.data(), b.v.data(), b.h.data());
  Pair found;
  for (Eigen::Index i = 0; i < b.size() && found.up < 0 && slopes.rise < infinity; ++i)
    if (b.h[i] == slopes.rise && b.v[i] < b.high[i]) found.up = i;
  for (Eigen::Index i = 0; i < b.size() && found.down < 0 && slopes.fall > -infinity; ++i)
    if (b.h[i] == slopes.fall && b.v[i] > b.low[i]) found.down = i;
  return found;
}

/// How far one goes up and another down, and what that gains.
struct PairStep {
  double length = 0, gain = 0;
};
template <typename Real>
PairStep step_of(const Box<Real>& b, const Pair& p) {
  if (p.up < 0 || p.down < 0 || p.up == p.down || !(b.h[p.down] > b.h[p.up])) return {};
  const auto curve = static_cast<double>(b.a(p.up, p.up) + b.a(p.down, p.down) - 2 * b.a(p.up, p.down));
  const double steep = b.h[p.down] - b.h[p.up];
  const double room = std::min(b.high[p.up] - b.v[p.up], b.v[p.down] - b.low[p.down]);
  const double length = curve > 0 ? std::min(steep / curve, room) : room;
  return {length, std::isfinite(length) ? length * (steep - 0.5 * curve * length) : 0.0};
}

template <typename Real>
void take(Box<Real>& b, const Pair& p, double length) {
  const double up = std::min(b.v[p.up] + length, b.high[p.up]), down = std::max(b.v[p.down] - length, b.low[p.down]);
  b.move_to(p.up, up);
  b.move_to(p.down, down);
}

}  // namespace

template <typename Real>
void descend(Box<Real>& b, double enough, std::int64_t most_steps) {
  const Vector<double> per_curve = b.a.diagonal().template cast<double>().cwiseInverse();
  const Variables variables{b.size(), b.low.data(), b.high.data(), b.v.data(), per_curve.data()};
  Vector<double> gain(b.size());
  double step = 0;
  Eigen::Index i = 0;
  for (std::int64_t k = 0; k < most_steps; ++k) {
    const double best = rate(b.a.row(i).data(), step, variables, b.h.data(), gain.data());
    i = std::find(gain.begin(), gain.end(), best) - gain.begin();
    step = 0;
    if (best == 0 || std::abs(b.h[i]) <= enough) return;
    const double to = std::clamp(b.v[i] - b.h[i] * per_curve[i], b.low[i], b.high[i]);
    step = to - b.v[i];
    b.v[i] = to;
  }
  add_row(b.a.row(i).data(), step, b.a.cols(), b.h.data());
}

template <typename Real>
void descend_in_pairs(Box<Real>& b, double enough, std::int64_t most_steps) {
  for (std::int64_t step = 0; step < most_steps; ++step) {
    const Pair p = steepest(b);
    if (p.up < 0 || p.down < 0 || b.h[p.down] - b.h[p.up] <= 2 * enough) return;
    const double length = step_of(b, p).length, room_up = b.high[p.up] - b.v[p.up],
                 room_down = b.v[p.down] - b.low[p.down];
    b.move(p.up, length);
    b.move(p.down, -length);
    if (length == room_up) b.v[p.up] = b.high[p.up];
    if (length == room_down) b.v[p.down] = b.low[p.down];
  }
}

template <typename Real>
void descend_mixed(Box<Real>& b, double enough, std::int64_t most_steps) {
  for (std::int64_t step = 0; step < most_steps; ++step) {
    const Pair p = steepest(b);
    const double rise = p.up < 0 ? 0.0 : std::max(0.0, -b.h[p.up]),
                 fall = p.down < 0 ? 0.0 : std::max(0.0, b.h[p.down]);
    if (std::max(rise, fall) <= enough) return;
    const Eigen::Index one = rise > fall ? p.up : p.down;
    const auto curve = static_cast<double>(b.a(one, one));
    const double to = std::clamp(b.v[one] - b.h[one] / curve, b.low[one], b.high[one]);
    const double length = std::abs(to - b.v[one]), gain = length * (std::abs(b.h[one]) - 0.5 * curve * length);
    if (const PairStep two = step_of(b, p); two.gain > gain) {
      take(b, p, two.length);
    } else if (gain > 0) {
      b.move_to(one, to);
    } else {
      return;
    }
  }
}

template void descend(Box<float>&, double, std::int64_t);
template void descend(Box<double>&, double, std::int64_t);
template void descend_in_pairs(Box<float>&, double, std::int64_t);
template void descend_in_pairs(Box<double>&, double, std::int64_t);
template void descend_mixed(Box<float>&, double, std::int64_t);
template void descend_mixed(Box<double>&, double, std::int64_t);

}  // namespace pool3::svm
