#pragma once
// An independent reference for the solver: textbook scalar dual coordinate descent in double, one column.

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <random>
#include <vector>

namespace pool3::test {

struct ReferenceFit {
  std::vector<double> w;  ///< [dim + 1], the bias's weight last
  double objective = 0;   ///< primal
  double dual = 0;        ///< the optimum lies between the two
};

/// Minimises 1/2 |w|^2 + C sum loss over rows x [n, dim] with signs y, to near machine precision.
inline ReferenceFit solve_reference(const std::vector<double>& x, const std::vector<int>& y, std::size_t dim, double C,
                                    bool squared, double bias, int epochs = 100000) {
  const std::size_t n = y.size();
  ReferenceFit fit{std::vector<double>(dim + 1, 0.0), 0.0};
  std::vector<double> alpha(n, 0.0);
  std::vector<std::size_t> order(n);
  for (std::size_t i = 0; i < n; ++i) order[i] = i;
  std::mt19937 random(7);
  const auto margin = [&](std::size_t i) {
    double f = bias * fit.w[dim];
    for (std::size_t j = 0; j < dim; ++j) f += x[i * dim + j] * fit.w[j];
    return f;
  };
  const double d = squared ? 0.5 / C : 0.0;
  for (int epoch = 0; epoch < epochs; ++epoch) {
    std::shuffle(order.begin(), order.end(), random);
    double largest = 0;
    for (const std::size_t i : order) {
      double q = bias * bias + d;
      for (std::size_t j = 0; j < dim; ++j) q += x[i * dim + j] * x[i * dim + j];
      const double g = y[i] * margin(i) - 1 + d * alpha[i];
      double next = std::max(alpha[i] - g / q, 0.0);
      if (!squared) next = std::min(next, C);
      const double step = (next - alpha[i]) * y[i];
      largest = std::max(largest, std::abs(step));
      alpha[i] = next;
      for (std::size_t j = 0; j < dim; ++j) fit.w[j] += step * x[i * dim + j];
      fit.w[dim] += step * bias;
    }
    if (largest < 1e-14) break;
  }
  for (const double v : fit.w) fit.objective += 0.5 * v * v;
  fit.dual = -fit.objective;
  for (const double a : alpha) fit.dual += a - 0.5 * d * a * a;
  for (std::size_t i = 0; i < n; ++i) {
    const double xi = std::max(0.0, 1 - y[i] * margin(i));
    fit.objective += squared ? C * xi * xi : C * xi;
  }
  return fit;
}

/// Rows of noisy, overlapping clusters; a function of its arguments alone.
struct ClusterData {
  std::vector<float> x;  ///< [rows, dim]
  std::vector<std::int32_t> labels;
};
inline ClusterData make_clusters(std::int64_t rows, std::int64_t dim, std::int32_t classes, unsigned seed) {
  std::mt19937 random(seed);
  std::normal_distribution<float> normal;
  std::vector<float> centres(static_cast<std::size_t>(classes * dim));
  for (float& c : centres) c = normal(random);
  ClusterData data;
  for (std::int64_t i = 0; i < rows; ++i) {
    const auto k = static_cast<std::int32_t>(i * classes / rows);  // sorted by class, like a catalogue
    data.labels.push_back(k);
    for (std::int64_t j = 0; j < dim; ++j)
      data.x.push_back(0.5F * centres[static_cast<std::size_t>(k * dim + j)] + normal(random));
  }
  return data;
}

}  // namespace pool3::test
