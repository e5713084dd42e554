#pragma once
// The nearest rows by definition.

#include <algorithm>
#include <cmath>
#include <random>
#include <vector>

#include "pool3/neighbours.hpp"
#include "pool3/numbers.hpp"

namespace pool3::test {

/// Rows around a few centres, so that some are near each other. Copies of row 3 lie at every 50th row, which is a tie.
inline std::vector<float> clustered_rows(std::int64_t count, std::int64_t width, unsigned seed) {
  std::mt19937 random(seed);
  std::normal_distribution<float> normal;
  std::vector<float> centres(static_cast<std::size_t>(7 * width)), rows(static_cast<std::size_t>(count * width));
  for (float& value : centres) value = std::abs(normal(random));
  for (std::int64_t i = 0; i < count; ++i)
    for (std::int64_t j = 0; j < width; ++j)
      rows[static_cast<std::size_t>(i * width + j)] =
          std::max(0.0F, centres[static_cast<std::size_t>(i % 7 * width + j)] + 0.1F * normal(random));
  for (std::int64_t i = 50; i < count; i += 50) std::copy_n(rows.begin() + 3 * width, width, rows.begin() + i * width);
  return rows;
}

inline std::vector<std::uint16_t> halves_of(const std::vector<float>& floats) {
  std::vector<std::uint16_t> halves;
  halves.reserve(floats.size());
  for (const float value : floats) halves.push_back(half_of_float(value));
  return halves;
}

inline double naive_distance(Metric metric, const float* a, const float* b, std::int64_t width) {
  long double ab = 0, aa = 0, bb = 0, squares = 0;
  for (std::int64_t i = 0; i < width; ++i) {
    const long double x = a[i], y = b[i];
    ab += x * y;
    aa += x * x;
    bb += y * y;
    squares += (x - y) * (x - y);
  }
  if (metric == Metric::euclidean) return static_cast<double>(std::sqrt(squares));
  return aa == 0 || bb == 0 ? 1 : static_cast<double>(1 - ab / std::sqrt(aa * bb));
}

/// Distances of all rows to a query, by distance and then row; equal rows count as equally far.
inline std::vector<Neighbour> naive_nearest(Metric metric, const std::vector<float>& rows, const float* query,
                                            std::int64_t width, Row without = -1) {
  std::vector<Neighbour> all;
  for (Row i = 0; i < std::ssize(rows) / width; ++i) {
    if (i == without) continue;
    const float* row = rows.data() + i * width;
    const bool same = std::equal(row, row + width, query);
    all.push_back({same && metric == Metric::euclidean ? 0 : naive_distance(metric, query, row, width), i});
  }
  // Copies are found by their bytes: their distances, of long doubles, are the same anyway.
  std::ranges::sort(all);
  return all;
}

}  // namespace pool3::test
