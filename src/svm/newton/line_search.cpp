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

std::vector<double> line_search(const std::vector<double>& vd, const std::vector<double>& dd,
                                const std::function<LossSlopes(const std::vector<double>& t)>& loss_slopes) {
  const std::size_t width = dd.size();
  std::vector<double> t(width, 1.0), low(width, 0.0), high(width, std::numeric_limits<double>::infinity());
  for (int k = 0; k < most_steps; ++k) {
    const LossSlopes loss = loss_slopes(t);
    bool moved = false;
    for (std::size_t c = 0; c < width; ++c) {
      const double slope = loss.slope[c] + vd[c] + t[c] * dd[c];
      if (!(dd[c] > 0) || slope == 0) continue;
      (slope > 0 ? high : low)[c] = t[c];
      const double change = -slope / (loss.curve[c] + dd[c]);
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
