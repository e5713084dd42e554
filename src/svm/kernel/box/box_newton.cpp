#include "svm/kernel/box/box_newton.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <type_traits>
#include <utility>
#include <vector>

#include "svm/algebra/cholesky.hpp"
#include "svm/algebra/gather_entries.hpp"

namespace pool3::svm {
namespace {

using Doubles = Vector<double>;

/// From so many variables between their limits on, a step is one in parts.
constexpr std::int64_t many_between = 128;
/// Part of these that may leave, and of the others that may come, with slopes below this one: a margin is 1.
constexpr double unsure_share = 0.25, near_share = 0.1, near_slope = 0.05;
constexpr int most_steps_of_others = 12;

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
Ended take_plain_step(Box<Real>& b, Sides& sides) {
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

/// Variables of a step: those that will stay between their limits, by the room they have there, and those that may not,
/// or may come to be there.
struct Parts {
  std::vector<std::int32_t> sure, others;
};

template <typename Real>
Parts parts_of(const Box<Real>& b, const Sides& sides) {
  std::vector<std::pair<double, std::int32_t>> between, at_limit;
  for (Eigen::Index i = 0; i < b.size(); ++i) {
    const auto at = static_cast<std::int32_t>(i);
    if (sides[static_cast<std::size_t>(i)] == Side::between)
      between.emplace_back(std::min(b.v[i] - b.low[i], b.high[i] - b.v[i]), at);
    else if (b.low[i] < b.high[i] && std::abs(b.h[i]) < near_slope)
      at_limit.emplace_back(std::abs(b.h[i]), at);
  }
  std::ranges::sort(between);
  constexpr std::int64_t step = PartSystem<Real>::step;
  const auto count = static_cast<double>(between.size());
  const std::int64_t sure = static_cast<std::int64_t>((1 - unsure_share) * count) / step * step;
  const std::size_t joining = std::min(at_limit.size(), static_cast<std::size_t>(near_share * count));
  std::ranges::partial_sort(at_limit, at_limit.begin() + static_cast<std::ptrdiff_t>(joining));
  Parts parts;
  const std::size_t unsure = between.size() - static_cast<std::size_t>(sure);
  for (std::size_t t = 0; t < between.size(); ++t)
    (t < unsure ? parts.others : parts.sure).push_back(between[t].second);
  for (std::size_t t = 0; t < joining; ++t) parts.others.push_back(at_limit[t].second);
  return parts;
}

template <typename Real>
PartSystem<Real> system_of(const Box<Real>& b, const Parts& parts) {
  PartSystem<Real> system(std::ssize(parts.sure), std::ssize(parts.others));
  std::vector<std::int32_t> all = parts.sure;
  all.insert(all.end(), parts.others.begin(), parts.others.end());
  for (std::int64_t r = 0; r < std::ssize(all); ++r) {
    const std::int32_t at = all[static_cast<std::size_t>(r)];
    pick(b.a.row(at).data(), all.data(), r + 1, system.row(r));
    system.right()[r] = static_cast<Real>(-b.h[at]);
  }
  return system;
}

/// The steps of the others, in their limits, where the sure variables follow them.
template <typename Real>
Box<Real> box_of_others(const Box<Real>& b, const Parts& parts, const PartSystem<Real>& system) {
  const auto n = std::ssize(parts.others);
  Box<Real> others{system.others_matrix(), Doubles(n), Doubles(n), Doubles::Zero(n), {}};
  others.a.template triangularView<Eigen::StrictlyUpper>() = others.a.transpose();
  others.h = -system.others_right().template cast<double>();
  for (std::int64_t r = 0; r < n; ++r) {
    const std::int32_t at = parts.others[static_cast<std::size_t>(r)];
    others.low[r] = b.low[at] - b.v[at];
    others.high[r] = b.high[at] - b.v[at];
  }
  return others;
}

/// A step that factorises the matrix once, however often the others change sides: they are few.
template <typename Real>
Ended take_part_step(Box<Real>& b, Sides& sides) {
  move_to_limits(b, sides);
  const Parts parts = parts_of(b, sides);
  PartSystem<Real> system = system_of(b, parts);
  if (!system.eliminate()) return Ended::unsound;
  Box<Real> others = box_of_others(b, parts, system);
  Sides of_others;
  for (const std::int32_t i : parts.others) of_others.push_back(sides[static_cast<std::size_t>(i)]);
  Ended ended = Ended::open;
  for (int step = 0; step < most_steps_of_others && ended == Ended::open; ++step)
    ended = take_plain_step(others, of_others);
  const Vector<Real> sure = system.first_of(others.v.template cast<Real>());
  if (ended == Ended::unsound || !others.v.allFinite() || !sure.allFinite()) return Ended::unsound;
  for (std::size_t r = 0; r < parts.sure.size(); ++r)
    b.move(parts.sure[r], static_cast<double>(sure[static_cast<Eigen::Index>(r)]));
  for (std::size_t r = 0; r < parts.others.size(); ++r) {
    const std::int32_t i = parts.others[r];
    const Side side = sides[static_cast<std::size_t>(i)] = of_others[r];
    if (side == Side::between)
      b.move(i, others.v[static_cast<Eigen::Index>(r)]);
    else
      b.move_to(i, side == Side::low ? b.low[i] : b.high[i]);
  }
  return update(b, 0.0, sides) ? Ended::open : Ended::at_minimum;
}

template <typename Real>
Ended take_step(Box<Real>& b, Sides& sides) {
  if (!b.keeps_sum && std::ranges::count(sides, Side::between) >= many_between)
    if (const Ended ended = take_part_step(b, sides); ended != Ended::unsound) return ended;
  return take_plain_step(b, sides);
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
