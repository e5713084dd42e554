#include "map/tsne.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>
#include <utility>

#include "map/affinities.hpp"
#include "map/exact_neighbours.hpp"

namespace pool3::map {
namespace {

/// Rows of a few groups that overlap, and their neighbours: all others.
Neighbours neighbours_of(std::int64_t rows, std::int64_t width) {
  std::mt19937 random(1);
  std::normal_distribution<float> normal;
  Matrix x(rows, width);
  for (std::int64_t i = 0; i < rows; ++i)
    for (std::int64_t j = 0; j < width; ++j) x(i, j) = normal(random) + (j == i % 5 ? 3.0F : 0.0F);
  return nearest_rows(x, x, rows - 1, Queries::same, 1, {});
}

Plane small_start(std::int64_t rows) {
  std::mt19937 random(2);
  std::normal_distribution<float> normal(0, 1e-4F);
  Plane start;
  for (std::int64_t i = 0; i < rows; ++i) {
    start.x.push_back(normal(random));
    start.y.push_back(normal(random));
  }
  return start;
}

TEST(Layout, OfFewPointsIsNotFlungApart) {
  constexpr std::int64_t rows = 50;
  const Affinities p = affinities(neighbours_of(rows, 20), 16, 1);
  const Plane found = lay_out(p, small_start(rows), {.steps = 750, .threads = 1}, {});
  // scikit-learn's TSNE(perplexity=16) lays 50 such rows out within 10 of their middle.
  for (const auto& axis : {found.x, found.y})
    for (const float v : axis) EXPECT_LT(std::abs(v), 15);
}

}  // namespace
}  // namespace pool3::map
