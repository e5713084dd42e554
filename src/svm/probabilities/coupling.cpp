#include <algorithm>
#include <cmath>

#include "pool3/svm/calibration.hpp"
#include "pool3/types.hpp"

namespace pool3 {
namespace {

constexpr double least = 1e-7;
constexpr int most_rounds = 1000;

/// Q of the quadratic form whose minimum over probabilities is wanted (Wu, Lin, Weng 2004, eq. 19), [K, K].
std::vector<double> quadratic_form(std::span<const double> first, std::size_t k) {
  std::vector<double> q(k * k, 0.0);
  std::size_t column = 0;
  for (std::size_t a = 0; a < k; ++a)
    for (std::size_t b = a + 1; b < k; ++b, ++column) {
      const double r = std::clamp(first[column], least, 1 - least);
      q[a * k + a] += (1 - r) * (1 - r);
      q[b * k + b] += r * r;
      q[a * k + b] = q[b * k + a] = -r * (1 - r);
    }
  return q;
}

/// Q p.
std::vector<double> product(const std::vector<double>& q, const std::vector<double>& p) {
  std::vector<double> out(p.size(), 0.0);
  for (std::size_t a = 0; a < p.size(); ++a)
    for (std::size_t b = 0; b < p.size(); ++b) out[a] += q[a * p.size() + b] * p[b];
  return out;
}

}  // namespace

std::vector<double> pair_probabilities(std::span<const double> values, std::span<const double> a,
                                       std::span<const double> b, std::int32_t classes) {
  std::vector<double> first;
  first.reserve(values.size());
  for (std::size_t j = 0; j < values.size(); ++j) first.push_back(1 / (1 + std::exp(a[j] * values[j] + b[j])));
  return couple_pairs(first, classes);
}

// Their algorithm 2: one coordinate after the other, p kept at sum 1.
std::vector<double> couple_pairs(std::span<const double> first, std::int32_t classes) {
  const std::size_t k = index(classes);
  const std::vector<double> q = quadratic_form(first, k);
  std::vector<double> p(k, 1 / static_cast<double>(k));
  const double enough = 1e-9 / static_cast<double>(k);
  for (int round = 0; round < most_rounds; ++round) {
    std::vector<double> qp = product(q, p);  // anew each round: no rounding adds up
    double pqp = 0;
    for (std::size_t a = 0; a < k; ++a) pqp += p[a] * qp[a];
    double worst = 0;
    for (const double v : qp) worst = std::max(worst, std::abs(v - pqp));
    if (worst < enough) break;
    for (std::size_t a = 0; a < k; ++a) {
      const double d = (pqp - qp[a]) / q[a * k + a], scale = 1 + d;
      p[a] += d;
      pqp = (pqp + d * (d * q[a * k + a] + 2 * qp[a])) / (scale * scale);
      for (std::size_t b = 0; b < k; ++b) {
        qp[b] = (qp[b] + d * q[a * k + b]) / scale;
        p[b] /= scale;
      }
    }
  }
  return p;
}

}  // namespace pool3
