#include "svm/kernel/column.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "svm/kernel/box/box_problem.hpp"
#include "svm/kernel/low_rank.hpp"
#include "svm/model/columns.hpp"
#include "svm/model/loss.hpp"

namespace pool3::svm {
namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();
/// hopeless of the hinge, whose diagonal has nothing added: the kernel's floats are wrong by more than margins are.
constexpr double hopeless_of_hinge = 1e8;
/// Working sets in turn that may bring the gap down by less than a tenth.
constexpr int most_without_gain = 30, most_without_gain_if_hopeless = 4;
/// Rows that join the working set at once, at least.
constexpr std::size_t least_joining = 512;
/// Rows that are less wrong than this share of the most wrong one wait.
constexpr double worth_joining = 0.1;
/// A working set is solved down to this share of its violation: the others move meanwhile.
constexpr double inner_share = 0.02;
/// With a gap below this share of the primal, most rows are on their side already.
constexpr double mostly_right = 0.5;

/// Limits of v_i, and what the loss adds to the diagonal.
struct Limits {
  double low = 0, high = 0, diagonal = 0;
};

Limits limits_of(const KernelColumn& c, std::size_t i) {
  const auto cost = static_cast<double>(c.cost[i]);
  if (!(cost > 0)) return {};
  Limits limits{-cost, cost, 0};
  if (c.loss == Loss::l2) limits = {-infinity, infinity, 0.5 / cost};
  (c.y[i] > 0 ? limits.low : limits.high) = 0;
  return limits;
}

/// Slope of the dual, to be minimised, along v_i.
double slope_of(const KernelColumn& c, const KernelPoint& p, std::size_t i, const Limits& limits) {
  return p.f[i] - static_cast<double>(c.y[i]) + limits.diagonal * p.v[i];
}

/// The bias that makes the slopes of rows between their limits 0: their mean, or the middle of what the others allow.
double bias_of(const KernelColumn& c, const KernelPoint& p) {
  double sum = 0, rise = infinity, fall = -infinity;
  std::int64_t between = 0;
  for (std::size_t i = 0; i < p.v.size(); ++i) {
    if (!(c.cost[i] > 0)) continue;
    const Limits limits = limits_of(c, i);
    const double slope = slope_of(c, p, i, limits);
    const bool can_rise = p.v[i]<limits.high, can_fall = p.v[i]> limits.low;
    if (can_rise && can_fall) {
      sum += slope;
      ++between;
    }
    if (can_rise) rise = std::min(rise, slope);
    if (can_fall) fall = std::max(fall, slope);
  }
  if (between > 0) return -sum / static_cast<double>(between);
  if (std::isfinite(rise) && std::isfinite(fall)) return -0.5 * (rise + fall);
  if (std::isfinite(rise)) return -rise;
  return std::isfinite(fall) ? -fall : 0.0;
}

/// Puts dual variables on their limits, where they are outside. Then the margins follow.
void enter_box(const KernelMatrix& kernel, const KernelColumn& c, KernelPoint& p) {
  RowList moved;
  std::vector<double> changes;
  for (std::size_t i = 0; i < p.v.size(); ++i) {
    if (p.v[i] == 0) continue;
    const Limits limits = limits_of(c, i);
    const double to = std::clamp(p.v[i], limits.low, limits.high);
    if (to == p.v[i]) continue;
    moved.push_back(static_cast<std::int32_t>(i));
    changes.push_back(to - p.v[i]);
    p.v[i] = to;
  }
  if (!moved.empty()) add_products(kernel, moved, changes, p.f);
}

/// A sum of 0 where rows have gone: those of the heavier sign are scaled down.
void balance(const KernelMatrix& kernel, KernelPoint& p) {
  double positive = 0, negative = 0;
  for (const double v : p.v) (v > 0 ? positive : negative) += v;
  if (positive == -negative) return;
  const bool heavier_positive = positive > -negative;
  const double factor = heavier_positive ? -negative / positive : -positive / negative;
  RowList moved;
  std::vector<double> changes;
  for (std::size_t i = 0; i < p.v.size(); ++i) {
    if (p.v[i] == 0 || (p.v[i] > 0) != heavier_positive) continue;
    const double to = factor * p.v[i];
    moved.push_back(static_cast<std::int32_t>(i));
    changes.push_back(to - p.v[i]);
    p.v[i] = to;
  }
  add_products(kernel, moved, changes, p.f);
}

struct Candidate {
  double wrong = 0;
  std::int32_t row = 0;
};

/// Rows between their limits, and the others that would move.
struct Candidates {
  RowList between;
  std::vector<Candidate> rising, falling;
  double most = 0;
};

Candidates candidates(const KernelColumn& c, const KernelPoint& p) {
  Candidates found;
  for (std::size_t i = 0; i < p.v.size(); ++i) {
    if (!(c.cost[i] > 0)) continue;
    const Limits limits = limits_of(c, i);
    const double slope = slope_of(c, p, i, limits) + p.bias;
    const bool can_rise = p.v[i]<limits.high, can_fall = p.v[i]> limits.low;
    const auto row = static_cast<std::int32_t>(i);
    if (can_rise && can_fall) {
      found.between.push_back(row);
    } else if (slope < 0 ? can_rise : can_fall) {
      found.most = std::max(found.most, std::abs(slope));
      (slope < 0 ? found.rising : found.falling).push_back({std::abs(slope), row});
    }
  }
  return found;
}

/// All rows that can rise, or fall, those first that would be wrong next. None waits for being less wrong than others.
void add_next(const KernelColumn& c, const KernelPoint& p, bool rise, double most, std::vector<Candidate>& to) {
  to.clear();
  for (std::size_t i = 0; i < p.v.size(); ++i) {
    if (!(c.cost[i] > 0)) continue;
    const Limits limits = limits_of(c, i);
    const bool can_rise = p.v[i]<limits.high, can_fall = p.v[i]> limits.low;
    if (can_rise == can_fall || can_rise != rise) continue;
    const double slope = slope_of(c, p, i, limits) + p.bias;
    const double towards = rise ? -slope : slope;
    to.push_back({most * (2 + towards / (1 + std::abs(towards))), static_cast<std::int32_t>(i)});
  }
}

/// Rows between their limits, and the most wrong ones of the others. Where all rows of the kernel are alike, one side
/// alone is wrong, and then the other: what moves one must be able to move the other back.
RowList working_set(const KernelColumn& c, const KernelPoint& p) {
  auto [set, rising, falling, most_wrong] = candidates(c, p);
  const double most = most_wrong;  // clang 14 captures no structured binding
  const bool one_sided = 4 * std::min(rising.size(), falling.size()) < std::max(rising.size(), falling.size());
  if (c.loss == Loss::l1 && !c.free_bias && one_sided) {
    add_next(c, p, rising.size() < falling.size(), most, rising.size() < falling.size() ? rising : falling);
  }
  const std::size_t joining = std::max(least_joining, set.size() / 2);
  for (auto* side : {&rising, &falling}) {  // of each sign, so that a fixed sum can move
    std::erase_if(*side, [&](const Candidate& x) { return x.wrong < worth_joining * most; });
    const std::size_t count = std::min(joining, side->size());
    std::partial_sort(
        side->begin(), side->begin() + static_cast<std::ptrdiff_t>(count), side->end(),
        [](const Candidate& a, const Candidate& b) { return a.wrong != b.wrong ? a.wrong > b.wrong : a.row < b.row; });
    for (std::size_t i = 0; i < count; ++i) set.push_back((*side)[i].row);
  }
  std::sort(set.begin(), set.end());
  return set;
}

/// The change of the dual variables of a set. Where they are guessed, the guess is near.
template <typename Real>
std::vector<double> solve_set(const KernelMatrix& kernel, const KernelColumn& c, const KernelPoint& p,
                              const RowList& set, const std::vector<double>* guess) {
  const auto n = std::ssize(set);
  Box<Real> box{gather<Real>(kernel, set), Vector<double>(n), Vector<double>(n),
                Vector<double>(n),         Vector<double>(n), c.free_bias};
  for (Eigen::Index r = 0; r < n; ++r) {
    const auto i = index(set[index(r)]);
    const Limits limits = limits_of(c, i);
    box.low[r] = limits.low;
    box.high[r] = limits.high;
    box.v[r] = p.v[i];
    box.h[r] = slope_of(c, p, i, limits) + p.bias;
    box.a(r, r) += static_cast<Real>(limits.diagonal);
  }
  const Vector<double> v = box.v;
  if (guess != nullptr) {
    box.v = Eigen::Map<const Vector<double>>(guess->data(), n);
    box.h += (box.a * (box.v - v).template cast<Real>()).template cast<double>();
  }
  solve_box(box, inner_share, guess != nullptr || p.gap < mostly_right * p.primal);
  const Vector<double> change = box.v - v;
  return {change.begin(), change.end()};
}

/// The same in a precision that does.
std::vector<double> solve_set(const KernelMatrix& kernel, const KernelColumn& c, const KernelPoint& p,
                              const RowList& set, double conditioned, const std::vector<double>* guess = nullptr) {
  const bool in_float = c.loss == Loss::l2 && conditioned < well_conditioned;
  return in_float ? solve_set<float>(kernel, c, p, set, guess) : solve_set<double>(kernel, c, p, set, guess);
}

/// The change of a working set towards its optimum, and how much of it lowers the dual most: all, but for rounding.
void move(const KernelMatrix& kernel, const KernelColumn& c, const RowList& set, const std::vector<double>& change,
          KernelPoint& p) {
  RowList moved;
  std::vector<double> changes;
  double slope = 0;
  for (std::size_t r = 0; r < set.size(); ++r) {
    if (change[r] == 0) continue;
    const auto i = index(set[r]);
    moved.push_back(set[r]);
    changes.push_back(change[r]);
    slope += change[r] * (slope_of(c, p, i, limits_of(c, i)) + p.bias);
  }
  std::vector<double> f(p.f.size(), 0.0);
  add_products(kernel, moved, changes, f);
  double curve = 0;
  for (std::size_t r = 0; r < moved.size(); ++r) {
    const auto i = index(moved[r]);
    curve += changes[r] * (f[i] + limits_of(c, i).diagonal * changes[r]);
  }
  const double length = curve > 0 ? std::clamp(-slope / curve, 0.0, 1.0) : 1.0;
  for (std::size_t r = 0; r < moved.size(); ++r) {
    const auto i = index(moved[r]);
    const Limits limits = limits_of(c, i);
    p.v[i] = length == 1.0 ? p.v[i] + changes[r] : std::clamp(p.v[i] + length * changes[r], limits.low, limits.high);
    // The working set's own limits were these: but for rounding, v is inside.
    if (p.v[i] < limits.low || p.v[i] > limits.high) p.v[i] = std::clamp(p.v[i], limits.low, limits.high);
  }
  for (std::size_t i = 0; i < f.size(); ++i) p.f[i] += length * f[i];
  ++p.products;
}

/// From a point where most rows are on the wrong side to one near the optimum, by the answer for a kernel of low rank.
void start_from(const LowRankKernel& low_rank, const KernelMatrix& kernel, const KernelColumn& c, KernelPoint& p) {
  const auto [set, guess] = low_rank.solve(c);
  if (set.empty()) return;
  const int products = p.products;
  p = {.v = std::vector<double>(p.v.size(), 0.0), .f = std::vector<double>(p.f.size(), 0.0)};
  p.products = products;
  certify(c, p);
  move(kernel, c, set, solve_set(kernel, c, p, set, condition(kernel, c, set), &guess), p);
  certify(c, p);
}

}  // namespace

double condition(const KernelMatrix& kernel, const KernelColumn& c, const RowList& rows) {
  double sum = 0;
  for (const std::int32_t i : rows) sum += 2 * static_cast<double>(c.cost[index(i)]) * kernel.diagonal(i);
  return sum;
}

void certify(const KernelColumn& c, KernelPoint& p) {
  p.bias = c.free_bias ? bias_of(c, p) : 0.0;
  double square = 0;
  p.primal = p.gap = 0;
  p.saturated = c.loss == Loss::l1;
  with_loss(c.loss, [&](auto loss) {
    for (std::size_t i = 0; i < p.v.size(); ++i) {
      if (!(c.cost[i] > 0)) continue;
      const auto cost = static_cast<double>(c.cost[i]), y = static_cast<double>(c.y[i]);
      const double a = y * p.v[i], slack = 1 - y * (p.f[i] + p.bias);
      square += p.v[i] * p.f[i];
      p.primal += loss.loss(cost, slack);
      p.gap += loss.gap(cost, slack, a);
      if (a >= cost) p.saturated = false;
    }
  });
  p.primal += 0.5 * square;
}

void solve_column(const KernelMatrix& kernel, const KernelColumn& column, const ColumnRules& rules, KernelPoint& point,
                  const LowRankKernel* low_rank) {
  enter_box(kernel, column, point);
  if (column.free_bias) balance(kernel, point);
  certify(column, point);
  if (low_rank != nullptr && point.gap >= mostly_right * point.primal) start_from(*low_rank, kernel, column, point);
  int without_gain = 0, patience = most_without_gain;
  double best = point.gap;
  while (point.gap > rules.tolerance * point.primal && point.products < rules.most_products &&
         without_gain < patience) {
    const RowList set = working_set(column, point);
    if (set.empty()) return;
    const double conditioned = condition(kernel, column, set);
    if (conditioned > (column.loss == Loss::l2 ? hopeless : hopeless_of_hinge))
      patience = most_without_gain_if_hopeless;
    move(kernel, column, set, solve_set(kernel, column, point, set, conditioned), point);
    certify(column, point);
    without_gain = point.gap < 0.9 * best ? 0 : without_gain + 1;
    best = std::min(best, point.gap);
  }
}

}  // namespace pool3::svm
