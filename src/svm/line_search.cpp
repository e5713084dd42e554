#include "svm/line_search.hpp"

#include <cmath>
#include <limits>

namespace pool3::detail {
namespace {

constexpr int most_steps = 12;

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
      double next = t[c] - slope / (loss.curve[c] + dd[c]);
      if (next <= low[c] || next >= high[c]) next = std::isinf(high[c]) ? 2 * t[c] : 0.5 * (low[c] + high[c]);
      moved = moved || std::abs(next - t[c]) > 1e-6 * t[c];
      t[c] = next;
    }
    if (!moved) break;
  }
  return t;
}

}  // namespace pool3::detail
