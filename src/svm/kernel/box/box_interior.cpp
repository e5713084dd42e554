#include "svm/kernel/box/box_interior.hpp"

#include <Eigen/Cholesky>
#include <algorithm>
#include <cmath>

namespace pool3::svm {
namespace {

using Doubles = Vector<double>;

constexpr int most_steps = 60;
/// What a step leaves of the products of slacks and multipliers, at most and at least.
constexpr double most_left = 0.5, least_left = 0.01;
/// How far a step may go towards the limits.
constexpr double short_of_limit = 0.99;
/// Slacks below this share of the box are none, in the end.
constexpr double no_slack = 1e-7;
/// Added to the diagonal, as a share of it, one after the other: floats' products are singular but for their rounding.
constexpr double first_ridge = 1e-10, last_ridge = 1e-3;

/// Multipliers of both limits, and slacks, all above 0.
struct Point {
  Doubles v, h, below, above;

  [[nodiscard]] double complementarity(const Box<double>& b) const {
    const double sum = (v - b.low).dot(below) + (b.high - v).dot(above);
    return sum / (2 * static_cast<double>(v.size()));
  }
};

struct Step {
  Doubles v, below, above;
};

/// Longest share of a step that keeps `value` above 0.
double room(const Doubles& value, const Doubles& step) {
  double most = 1;
  for (Eigen::Index i = 0; i < value.size(); ++i)
    if (step[i] < 0) most = std::min(most, -short_of_limit * value[i] / step[i]);
  return most;
}

/// The factor of A + D for a point, or of a little more.
class Factor {
 public:
  Factor(const Box<double>& b, const Point& p) {
    const Doubles added = p.below.cwiseQuotient(p.v - b.low) + p.above.cwiseQuotient(b.high - p.v);
    for (double ridge = first_ridge; ridge <= last_ridge && !sound_; ridge *= 100) {
      Matrix<double> a = b.a;
      a.diagonal() = a.diagonal() * (1 + ridge) + added;
      factor_.compute(a);
      sound_ = factor_.info() == Eigen::Success;
    }
    if (sound_ && b.keeps_sum) ones_ = factor_.solve(Doubles::Ones(b.size()));
  }
  [[nodiscard]] bool is_sound() const { return sound_; }

  /// Towards products of slacks and multipliers of `target`, less second-order parts; v's step adds up to `sum`.
  [[nodiscard]] Step step(const Box<double>& b, const Point& p, double target, const Step& before, double sum) const {
    const Doubles low = p.v - b.low, high = b.high - p.v;
    const Doubles of_low = (target - before.v.cwiseProduct(before.below).array()) / low.array();
    const Doubles of_high = (target + before.v.cwiseProduct(before.above).array()) / high.array();
    Step s{factor_.solve(of_low - of_high - p.h), {}, {}};
    if (b.keeps_sum) s.v += (sum - s.v.sum()) / ones_.sum() * ones_;
    s.below = of_low - p.below - p.below.cwiseProduct(s.v).cwiseQuotient(low);
    s.above = of_high - p.above + p.above.cwiseProduct(s.v).cwiseQuotient(high);
    return s;
  }

 private:
  Eigen::LLT<Matrix<double>, Eigen::Lower> factor_;
  Doubles ones_;
  bool sound_ = false;
};

double length(const Box<double>& b, const Point& p, const Step& s) {
  return std::min({room(p.v - b.low, s.v), room(b.high - p.v, -s.v), room(p.below, s.below), room(p.above, s.above)});
}

/// Mehrotra's predictor and corrector. False if there is no step.
bool advance(const Box<double>& b, const Doubles& v, const Doubles& h, Point& p) {
  const Factor factor(b, p);
  if (!factor.is_sound()) return false;
  const double now = p.complementarity(b), sum = (v - p.v).sum();
  const Doubles none = Doubles::Zero(b.size());
  const Step straight = factor.step(b, p, 0, {none, none, none}, sum);
  const double far = length(b, p, straight);
  const Point there{p.v + far * straight.v, {}, p.below + far * straight.below, p.above + far * straight.above};
  const double left = std::clamp(std::pow(there.complementarity(b) / now, 3), least_left, most_left);
  const Step s = factor.step(b, p, left * now, straight, sum);
  const double share = length(b, p, s);
  p.v += share * s.v;
  p.below += share * s.below;
  p.above += share * s.above;
  p.h = h;
  p.h.noalias() += b.a * (p.v - v);
  return p.v.allFinite() && p.below.allFinite() && p.above.allFinite();
}

/// Variables that are nearly at a limit go there.
Doubles on_limits(const Box<double>& b, const Doubles& v) {
  Doubles to = v;
  for (Eigen::Index i = 0; i < v.size(); ++i) {
    const double near = no_slack * (b.high[i] - b.low[i]);
    if (to[i] - b.low[i] < near) to[i] = b.low[i];
    if (b.high[i] - to[i] < near) to[i] = b.high[i];
  }
  if (!b.keeps_sum) return to;
  double off = v.sum() - to.sum();  // what is between takes it
  for (Eigen::Index i = 0; i < v.size() && off != 0; ++i) {
    if (to[i] == b.low[i] || to[i] == b.high[i]) continue;
    const double moved = std::clamp(to[i] + off, b.low[i], b.high[i]) - to[i];
    to[i] += moved;
    off -= moved;
  }
  return to;
}

}  // namespace

bool descend_inside(Box<double>& b, double enough) {
  const Doubles v = b.v, h = b.h, width = b.high - b.low;
  const double start = std::max(h.cwiseAbs().mean(), enough);
  Point p{b.low + 0.5 * width, {}, Doubles::Constant(b.size(), start), Doubles::Constant(b.size(), start)};
  p.h = h + b.a * (p.v - v);
  const double done = 0.1 * no_slack * enough * width.mean();
  for (int step = 0; step < most_steps && p.complementarity(b) > done; ++step)
    if (!advance(b, v, h, p)) break;
  if (!p.v.allFinite()) return false;
  const Doubles to = on_limits(b, p.v);
  const Doubles slopes = h + b.a * (to - v);
  if (!((to - v).dot(h + slopes) < 0)) return false;
  b.v = to;
  b.h = slopes;
  return true;
}

}  // namespace pool3::svm
