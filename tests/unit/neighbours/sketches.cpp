// What sketches say of distances, beside the distances in double.

#include "pool3/neighbours/sketches.hpp"

#include <gtest/gtest.h>

#include <random>

#include "neighbours/exact_distance.hpp"
#include "support/naive_neighbours.hpp"

namespace pool3 {
namespace {

constexpr std::int64_t count = 500;

double distance_of(Metric metric, const float* a, const float* b, std::int64_t width) {
  return neighbours::exact_distance(metric, a, neighbours::exact_dot(a, a, width), b, width);
}

/// How many rows are not said to be farther than the 12th nearest. EXPECTs that nothing is said to be farther than it
/// is.
std::int64_t may_be_near(const std::vector<float>& rows, std::span<const float> query, std::int64_t width,
                         const SketchBasis& basis, Metric metric) {
  const auto least = least_distances(basis, sketch(basis, {.width = width, .floats = rows}, 2), query, metric);
  std::vector<double> exact;
  for (std::size_t i = 0; i < least.size(); ++i) {
    exact.push_back(distance_of(metric, query.data(), rows.data() + static_cast<std::int64_t>(i) * width, width));
    EXPECT_LE(least[i], exact[i]) << i;
  }
  std::vector<double> sorted = exact;
  std::ranges::sort(sorted);
  return std::ranges::count_if(least, [&](double d) { return d <= sorted[11]; });
}

class OfWidth : public testing::TestWithParam<std::int64_t> {};
INSTANTIATE_TEST_SUITE_P(Sketches, OfWidth, testing::Values(2048, 77, 3, 1));

TEST_P(OfWidth, NeverSayMoreThanTheDistance) {
  const std::int64_t width = GetParam();
  auto rows = test::clustered_rows(count, width, 1);
  const auto at = [&](std::int64_t row) { return rows.begin() + row * width; };
  std::copy_n(at(0), width, at(1));                                          // a copy
  std::transform(at(0), at(1), at(2), [](float v) { return v * 1.0001F; });  // nearly one
  std::transform(at(3), at(4), at(4), [](float v) { return v * 1e18F; });
  std::fill_n(at(5), width, 0.0F);
  std::transform(at(6), at(7), at(6), [](float v) { return v * 1e-18F; });
  const auto others = test::clustered_rows(20, width, 2);
  for (const std::int64_t sample : {count, std::int64_t{20}, std::int64_t{1}}) {
    const auto some = std::span(rows).first(static_cast<std::size_t>(sample * width));
    const SketchBasis basis = sketch_basis({.width = width, .floats = some});
    EXPECT_EQ(basis.components, std::min({width, sample, std::int64_t{128}}));
    for (const Metric metric : {Metric::cosine, Metric::euclidean}) {
      for (const std::int64_t row : {0, 2, 4, 5, 6, 499})
        may_be_near(rows, {at(row), at(row + 1)}, width, basis, metric);
      may_be_near(rows, std::span(others).first(static_cast<std::size_t>(width)), width, basis, metric);
    }
  }
}

TEST(Sketches, LeaveFewRowsToLookAt) {
  constexpr std::int64_t width = 300;
  std::mt19937 random(1);
  std::normal_distribution<float> normal;
  std::vector<float> directions(20 * width), rows(static_cast<std::size_t>(2 * count * width), 0.1F);
  for (float& value : directions) value = normal(random);
  for (std::int64_t r = 0; r < 2 * count; ++r)
    for (std::int64_t d = 0; d < 20; ++d) {
      const float part = normal(random);
      for (std::int64_t i = 0; i < width; ++i)
        rows[static_cast<std::size_t>(r * width + i)] += part * directions[static_cast<std::size_t>(d * width + i)];
    }
  const SketchBasis basis = sketch_basis({.width = width, .floats = rows});
  for (const Metric metric : {Metric::cosine, Metric::euclidean})
    EXPECT_LT(may_be_near(rows, std::span(rows).first(width), width, basis, metric), 40);
}

TEST(Sketches, OfHalvesAreThoseOfTheirFloats) {
  const auto halves = test::halves_of(test::clustered_rows(count, 40, 1));
  std::vector<float> floats;
  for (const std::uint16_t bits : halves) floats.push_back(float_of_half(bits));
  const SketchBasis basis = sketch_basis({.width = 40, .floats = floats});
  const Sketches a = sketch(basis, {.width = 40, .floats = floats}, 3),
                 b = sketch(basis, {.width = 40, .halves = halves}, 1);
  EXPECT_EQ(a.codes, b.codes);
  EXPECT_EQ(a.rest, b.rest);
  EXPECT_EQ(a.lost, b.lost);
}

}  // namespace
}  // namespace pool3
