#include "svm/newton/line_search.hpp"

#include <cmath>
#include <limits>

namespace pool3::svm {
namespace {

constexpr int most_steps = 30;
/// A change of the step, relative to it, that ends the search: the loss is quadratic in pieces, so the last change is
/// the better part of the rest.
constexpr double enough = 1e-5;

}  // namespace

Sums line_search(const Sums& vd, const Sums& dd, const std::function<LossSlopes(const Sums& t)>& loss_slopes) {
  Sums t = Sums::Ones(dd.size()), low = Sums::Zero(dd.size());
  Sums high = Sums::Constant(dd.size(), std::numeric_limits<double>::infinity());
  for (int k = 0; k < most_steps; ++k) {
    const LossSlopes loss = loss_slopes(t);
    const Sums slopes = loss.slope + vd + t * dd, curves = loss.curve + dd;
    bool moved = false;
    for (Eigen::Index c = 0; c < dd.size(); ++c) {
      if (!(dd[c] > 0) || slopes[c] == 0) continue;
      (slopes[c] > 0 ? high : low)[c] = t[c];
      const double change = -slopes[c] / curves[c];
      const bool there = std::abs(change) <= enough * t[c];
      const bool inside = t[c] + change > low[c] && t[c] + change < high[c];
      moved = moved || !there;
      if (there || inside)
        t[c] += change;
      else
        t[c] = std::isinf(high[c]) ? 2 * t[c] : 0.5 * (low[c] + high[c]);
    }
    if (!moved) break;
  }
  return t;
}

}  // namespace pool3::svm
