#include "svm/model/iterate.hpp"

#include <algorithm>
#include <type_traits>
#include <utility>

namespace pool3::svm {
namespace {

/// The same numbers in another precision, or themselves.
template <typename To, typename From>
std::vector<To> rounded(std::vector<From> from) {
  if constexpr (std::is_same_v<To, From>) {
    return from;
  } else {
    std::vector<To> to(from.size());
    std::transform(from.begin(), from.end(), to.begin(), [](From value) { return static_cast<To>(value); });
    return to;
  }
}

}  // namespace

template <typename Real>
Pair<Real> take_pair(Point& point) {
  Floats v = point.w;
  v.insert(v.end(), point.bias_w.begin(), point.bias_w.end());
  return {rounded<Real>(std::move(v)), rounded<Real>(std::exchange(point.alpha, {}))};
}

template <typename Real>
void put_pair(Point& point, Pair<Real> pair) {
  const Floats v = rounded<float>(std::move(pair.v));
  const auto bias = v.begin() + std::ssize(point.w);
  point.w.assign(v.begin(), bias);
  point.bias_w.assign(bias, v.end());
  point.alpha = rounded<float>(std::move(pair.alpha));
}

template Pair<float> take_pair(Point&);
template Pair<double> take_pair(Point&);
template void put_pair(Point&, Pair<float>);
template void put_pair(Point&, Pair<double>);

Floats weights_of(const Point& point, const Floats& alpha) { return rounded<float>(point.weights_of_duals(alpha)); }

Doubles weights_of(const Point& point, const Doubles& alpha) {
  Doubles signed_alpha(alpha.size());
  for (std::int64_t i = 0; i < point.problem.rows; ++i)
    for (std::int64_t j = 0; j < point.padded(); ++j) {
      const auto at = index(i * point.padded() + j);
      signed_alpha[at] = point.table.is_positive(j, point.problem.labels[index(i)]) ? alpha[at] : -alpha[at];
    }
  return Products(point, index(point.padded())).back(signed_alpha);
}

Certificate certify_pair(const Point& p, const Pair<double>& pair) {
  const std::int64_t padded = p.padded();
  const bool squared = p.table.loss == Loss::l2;
  const Products products(p, index(padded));
  const Doubles f = products.margins(pair.v);
  Doubles signed_alpha(f.size(), 0.0);
  Certificate sums{Doubles(index(padded), 0.0), Doubles(index(padded), 0.0)};
  for (std::int64_t i = 0; i < p.problem.rows; ++i)
    for (std::int64_t j = 0; j < padded; ++j) {
      if (!p.table.counts(j, p.fold(i))) continue;
      const auto at = index(i * padded + j);
      const double y = p.table.is_positive(j, p.problem.labels[index(i)]) ? 1 : -1, a = pair.alpha[at];
      const auto c = static_cast<double>(p.cost(j, i));
      const double slack = 1 - y * f[at], xi = std::max(slack, 0.0);
      const double loss = squared ? c * xi * xi : c * xi;
      signed_alpha[at] = y * a;
      sums.primal[index(j)] += loss;
      sums.gap[index(j)] += loss - a * slack + (squared ? a * a / (4 * c) : 0.0);
    }
  p.comm.sum(std::span<double>(sums.primal));
  p.comm.sum(std::span<double>(sums.gap));
  const Doubles of_duals = products.back(signed_alpha);
  for (std::size_t i = 0; i < of_duals.size(); ++i) {
    const double away = pair.v[i] - of_duals[i];
    sums.primal[i % index(padded)] += 0.5 * pair.v[i] * pair.v[i];
    sums.gap[i % index(padded)] += 0.5 * away * away;
  }
  for (double& gap : sums.gap) gap = std::max(gap, 0.0);  // a sum of nothing but rounding
  return sums;
}

}  // namespace pool3::svm
