#include "svm/kernel/box/box_newton.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <type_traits>
#include <vector>

#include "svm/algebra/cholesky.hpp"

namespace pool3::svm {
namespace {

using Doubles = Vector<double>;

enum class Side : std::int8_t { low, between, high };
using Sides = std::vector<Side>;

/// At its limit: what is there and would go beyond.
template <typename Real>
Sides sides_of(const Box<Real>& b) {
  Sides all;
  const double level = b.level();
  for (Eigen::Index i = 0; i < b.size(); ++i) {
    const bool at_low = b.v[i] <= b.low[i], at_high = b.v[i] >= b.high[i];
    const bool stays = at_low == at_high ? at_low : b.slope(i, level) == 0;
    all.push_back(!stays ? Side::between : at_low ? Side::low : Side::high);
  }
  return all;
}

/// What that adds to the sum.
template <typename Real>
double move_to_limits(Box<Real>& b, const Sides& sides) {
  double added = 0;
  for (Eigen::Index i = 0; i < b.size(); ++i) {
    const Side side = sides[static_cast<std::size_t>(i)];
    if (side == Side::between) continue;
    const double to = side == Side::low ? b.low[i] : b.high[i];
    added += to - b.v[i];
    b.move_to(i, to);
  }
  return added;
}

std::vector<std::int32_t> between(const Sides& sides) {
  std::vector<std::int32_t> open;
  for (std::size_t i = 0; i < sides.size(); ++i)
    if (sides[i] == Side::between) open.push_back(static_cast<std::int32_t>(i));
  return open;
}

/// To the minimum over these variables, limits aside, where the slope is level; with a fixed sum, `sum` is what they
/// add up to. Empty if the matrix is not positive definite in this precision.
template <typename In, typename Real>
Doubles step_in(const Box<Real>& b, const std::vector<std::int32_t>& open, double sum) {
  const auto n = std::ssize(open);
  PositiveSystem<In> system(n, b.keeps_sum ? 2 : 1);
  for (std::int64_t r = 0; r < n; ++r) {
    const Real* from = b.a.row(open[static_cast<std::size_t>(r)]).data();
    In* to = system.row(r);
    for (std::int64_t c = 0; c <= r; ++c) to[c] = static_cast<In>(from[open[static_cast<std::size_t>(c)]]);
    if constexpr (std::is_same_v<In, double>) to[r] += 1e-12 * std::abs(to[r]);
    system.right()[r] = static_cast<In>(-b.h[open[static_cast<std::size_t>(r)]]);
    if (b.keeps_sum) system.right(1)[r] = In{1};
  }
  if (!system.solve()) return {};
  Doubles step = system.right().template cast<double>();
  if (b.keeps_sum) {
    const Doubles ones = system.right(1).template cast<double>();
    const double total = ones.sum();
    if (!(total > 0)) return {};
    step += (sum - step.sum()) / total * ones;
  }
  return step.allFinite() ? step : Doubles();
}

/// In this precision, or else in double.
template <typename Real>
Doubles newton_step(const Box<Real>& b, const std::vector<std::int32_t>& open, double sum) {
  Doubles step = step_in<Real>(b, open, sum);
  if constexpr (std::is_same_v<Real, float>)
    if (step.size() == 0) step = step_in<double>(b, open, sum);
  return step;
}

/// True if any side has changed: what is outside goes to its limit, what would come in from there is between.
template <typename Real>
bool update(const Box<Real>& b, double level, Sides& sides) {
  bool changed = false;
  for (Eigen::Index i = 0; i < b.size(); ++i) {
    Side& side = sides[static_cast<std::size_t>(i)];
    Side to = side;
    const double h = b.h[i] - level;
    if (side == Side::between) {
      if (b.v[i] <= b.low[i]) to = Side::low;
      if (b.v[i] >= b.high[i]) to = Side::high;
    } else if (b.low[i] < b.high[i] && (side == Side::low ? h < 0 : h > 0)) {
      to = Side::between;
    }
    changed = changed || to != side;
    side = to;
  }
  return changed;
}

/// How a Newton step has ended.
enum class Ended : std::uint8_t { open, at_minimum, none_between, unsound };

/// One step on these sides, which then follow.
template <typename Real>
Ended take_step(Box<Real>& b, Sides& sides) {
  const double added = move_to_limits(b, sides);
  const std::vector<std::int32_t> open = between(sides);
  if (open.empty()) return Ended::none_between;
  const Doubles to = newton_step(b, open, -added);
  if (to.size() == 0) return Ended::unsound;
  for (std::size_t r = 0; r < open.size(); ++r) b.move(open[r], to[static_cast<Eigen::Index>(r)]);
  double level = 0;  // slope of the variables between their limits
  for (const std::int32_t i : open) level += b.h[i] / static_cast<double>(open.size());
  return update(b, b.keeps_sum ? level : 0.0, sides) ? Ended::open : Ended::at_minimum;
}

template <typename Real>
bool is_inside(const Box<Real>& b) {
  return ((b.v - b.low).array() >= 0).all() && ((b.high - b.v).array() >= 0).all();
}

}  // namespace

template <typename Real>
bool newton(Box<Real>& b, int most_steps) {
  const Doubles v = b.v, h = b.h;
  Sides sides = sides_of(b);
  Ended ended = Ended::open;
  for (int step = 0; step < most_steps && ended == Ended::open; ++step) ended = take_step(b, sides);
  if (ended == Ended::open && !b.keeps_sum)
    for (Eigen::Index i = 0; i < b.size(); ++i) b.move_to(i, std::clamp(b.v[i], b.low[i], b.high[i]));
  const bool has_sum = !b.keeps_sum || ended != Ended::none_between;
  if (ended != Ended::unsound && has_sum && is_inside(b) && (b.v - v).dot(h + b.h) < 0) return true;
  b.v = v;
  b.h = h;
  return false;
}

template bool newton(Box<float>&, int);
template bool newton(Box<double>&, int);

}  // namespace pool3::svm
