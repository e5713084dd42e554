#include <algorithm>
#include <array>
#include <cmath>

#include "pool3/svm.hpp"

namespace pool3 {
namespace {

constexpr int max_iterations = 100;
constexpr double smallest_step = 1e-10;
constexpr double ridge = 1e-12;  // keeps the Hessian positive definite

/// One class's scores on this rank, and the targets of its two sides.
struct Side {
  std::span<const float> scores;
  std::span<const std::int32_t> labels;
  std::int64_t classes;
  std::int32_t k;
  double high, low;  // targets of positives and negatives
  template <typename Use>
  void for_each(const Use& use) const {
    for (std::size_t i = 0; i < labels.size(); ++i) {
      const auto at = i * static_cast<std::size_t>(classes) + static_cast<std::size_t>(k);
      use(static_cast<double>(scores[at]), labels[i] == k ? high : low);
    }
  }
};

/// Cross-entropy of the sigmoid, over all ranks.
double cross_entropy(const Communicator& comm, const Side& side, double a, double b) {
  double sum = 0;
  side.for_each([&](double f, double t) {
    const double z = f * a + b;
    sum += z >= 0 ? t * z + std::log1p(std::exp(-z)) : (t - 1) * z + std::log1p(std::exp(z));
  });
  return comm.sum(sum);
}

struct Derivatives {
  double g_a, g_b, h_aa, h_bb, h_ab;
};

Derivatives derivatives(const Communicator& comm, const Side& side, double a, double b) {
  std::array<double, 5> s{};
  side.for_each([&](double f, double t) {
    const double z = f * a + b;
    const double p = z >= 0 ? std::exp(-z) / (1 + std::exp(-z)) : 1 / (1 + std::exp(z));
    const double curve = p * (1 - p);
    s[0] += f * (t - p);
    s[1] += t - p;
    s[2] += f * f * curve;
    s[3] += curve;
    s[4] += f * curve;
  });
  comm.sum(std::span<double>(s));
  return {s[0], s[1], s[2] + ridge, s[3] + ridge, s[4]};
}

struct Sigmoid {
  double a, b;
};

Sigmoid fit_one(const Communicator& comm, const Side& side, double positives, double negatives) {
  Sigmoid at{0.0, std::log((negatives + 1) / (positives + 1))};
  double value = cross_entropy(comm, side, at.a, at.b);
  for (int iteration = 0; iteration < max_iterations; ++iteration) {
    const Derivatives d = derivatives(comm, side, at.a, at.b);
    if (std::abs(d.g_a) < 1e-5 && std::abs(d.g_b) < 1e-5) break;
    const double det = d.h_aa * d.h_bb - d.h_ab * d.h_ab;
    const double step_a = -(d.h_bb * d.g_a - d.h_ab * d.g_b) / det;
    const double step_b = -(-d.h_ab * d.g_a + d.h_aa * d.g_b) / det;
    const double slope = d.g_a * step_a + d.g_b * step_b;
    double step = 1.0;
    for (; step >= smallest_step; step /= 2) {
      const Sigmoid next{at.a + step * step_a, at.b + step * step_b};
      const double next_value = cross_entropy(comm, side, next.a, next.b);
      if (next_value < value + 1e-4 * step * slope) {
        at = next;
        value = next_value;
        break;
      }
    }
    if (step < smallest_step) break;
  }
  return at;
}

}  // namespace

Sigmoids fit_sigmoids(const Communicator& comm, std::span<const float> scores, std::span<const std::int32_t> labels,
                      std::int32_t classes) {
  std::vector<std::int64_t> counts(static_cast<std::size_t>(classes), 0);
  for (const std::int32_t label : labels) ++counts[static_cast<std::size_t>(label)];
  comm.sum(std::span<std::int64_t>(counts));
  const double rows = static_cast<double>(comm.sum(static_cast<std::int64_t>(labels.size())));
  Sigmoids all;
  for (std::int32_t k = 0; k < classes; ++k) {
    const auto positives = static_cast<double>(counts[static_cast<std::size_t>(k)]);
    const double negatives = rows - positives;
    const Side side{scores, labels, classes, k, (positives + 1) / (positives + 2), 1 / (negatives + 2)};
    const Sigmoid s = fit_one(comm, side, positives, negatives);
    all.a.push_back(s.a);
    all.b.push_back(s.b);
  }
  return all;
}

}  // namespace pool3
