#include "neighbours/exact_distance.hpp"

#include <algorithm>
#include <array>
#include <cmath>

#include "pool3/numbers/target_clones.hpp"

namespace pool3::neighbours {
namespace {

constexpr std::int64_t lanes = 16;
using Sums = std::array<double, lanes>;

double total(const Sums& sums) {
  double sum = 0;
  for (const double part : sums) sum += part;
  return sum;
}

POOL3_TARGET_CLONES void add_products(const float* a, const float* b, std::int64_t width, double* sums) {
  std::int64_t i = 0;
  for (; i + lanes <= width; i += lanes)
    for (std::int64_t l = 0; l < lanes; ++l) sums[l] += static_cast<double>(a[i + l]) * static_cast<double>(b[i + l]);
  for (; i < width; ++i) sums[0] += static_cast<double>(a[i]) * static_cast<double>(b[i]);
}

POOL3_TARGET_CLONES void add_differences(const float* a, const float* b, std::int64_t width, double* sums) {
  std::int64_t i = 0;
  for (; i + lanes <= width; i += lanes)
    for (std::int64_t l = 0; l < lanes; ++l) {
      const double d = static_cast<double>(a[i + l]) - static_cast<double>(b[i + l]);
      sums[l] += d * d;
    }
  for (; i < width; ++i) {
    const double d = static_cast<double>(a[i]) - static_cast<double>(b[i]);
    sums[0] += d * d;
  }
}

}  // namespace

double exact_dot(const float* a, const float* b, std::int64_t width) {
  Sums sums{};
  add_products(a, b, width, sums.data());
  return total(sums);
}

double exact_distance(Metric metric, const float* a, double square_a, const float* b, std::int64_t width) {
  if (metric == Metric::euclidean) {
    Sums sums{};
    add_differences(a, b, width, sums.data());
    return std::sqrt(total(sums));
  }
  const double square_b = exact_dot(b, b, width);
  if (square_a == 0 || square_b == 0) return 1;
  // Of equal rows, the root is the square itself: they are at 0.
  return std::clamp(1 - exact_dot(a, b, width) / std::sqrt(square_a * square_b), 0.0, 2.0);
}

}  // namespace pool3::neighbours
