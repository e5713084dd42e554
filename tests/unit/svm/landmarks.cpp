// Landmarks against the kernel itself.

#include "pool3/svm/landmarks.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <random>

#include "pool3/numbers.hpp"

namespace pool3 {
namespace {

constexpr std::int64_t dim = 6;

/// Class k has `sizes[k]` rows, whose origins don't follow one another.
Problem some_rows(const std::vector<std::int64_t>& sizes) {
  std::mt19937 random(5);
  std::normal_distribution<float> normal;
  Problem p{.dim = dim, .classes = static_cast<std::int32_t>(sizes.size())};
  for (std::int32_t k = 0; k < p.classes; ++k)
    for (std::int64_t i = 0; i < sizes[static_cast<std::size_t>(k)]; ++i) {
      p.labels.push_back(k);
      p.origin.push_back((p.rows++ * 37) % 1009);
      for (std::int64_t j = 0; j < dim; ++j) p.x.push_back(static_cast<float>(k) * 0.3F + normal(random));
    }
  return p;
}

std::span<const float> row(const std::vector<float>& x, std::int64_t i, std::int64_t width = dim) {
  return std::span(x).subspan(static_cast<std::size_t>(i * width), static_cast<std::size_t>(width));
}

double kernel(std::span<const float> a, std::span<const float> b, double gamma) {
  double distance = 0;
  for (std::size_t j = 0; j < a.size(); ++j) distance += std::pow(double(a[j]) - double(b[j]), 2);
  return std::exp(-gamma * distance);
}

double dot(std::span<const float> a, std::span<const float> b) {
  return std::inner_product(a.begin(), a.end(), b.begin(), 0.0);
}

TEST(Landmarks, EachClassGivesItsShareAndOneAtLeast) {
  const Communicator world = Communicator::world();
  const Problem p = some_rows({400, 100, 3, 1});
  const Landmarks found = choose_landmarks(world, p, 51, 7);
  const auto of = [&](std::int32_t k) { return std::ranges::count(found.labels, k); };
  EXPECT_EQ(found.count(), 51);
  EXPECT_NEAR(static_cast<double>(of(0)), 40, 1);
  EXPECT_NEAR(static_cast<double>(of(1)), 10, 1);
  EXPECT_EQ(of(2), 1);
  EXPECT_EQ(of(3), 1);
  EXPECT_TRUE(std::ranges::is_sorted(found.labels));
  EXPECT_EQ(choose_landmarks(world, p, 10'000, 7).count(), 504) << "more than there are: all";
  EXPECT_NE(choose_landmarks(world, p, 51, 8).origin, found.origin) << "the seed counts";
}

TEST(Landmarks, AreTheSameInAnyOrderOfRows) {
  const Communicator world = Communicator::world();
  Problem p = some_rows({60, 20});
  const Landmarks found = choose_landmarks(world, p, 16, 7);
  shuffle_rows(p, 3);
  const Landmarks again = choose_landmarks(world, p, 16, 7);
  EXPECT_EQ(found.origin, again.origin);
  EXPECT_EQ(found.x, again.x);
}

TEST(Landmarks, ProductsAreTheKernelWhereAllRowsAreLandmarks) {
  const Communicator world = Communicator::world();
  const Problem p = some_rows({50, 30});
  const LandmarkMap map(world, choose_landmarks(world, p, p.rows, 1), 0.2, 1);
  const Problem z = map(p);
  EXPECT_EQ(z.labels, p.labels);
  for (std::int64_t i = 0; i < p.rows; i += 7)
    for (std::int64_t j = 0; j < p.rows; ++j)
      EXPECT_NEAR(dot(row(z.x, i, z.dim), row(z.x, j, z.dim)), kernel(row(p.x, i), row(p.x, j), 0.2), 2e-6);
}

TEST(Landmarks, CopiesOfARowDoNoHarm) {
  const Communicator world = Communicator::world();
  Problem p = some_rows({20, 20});
  for (std::int64_t i = 1; i < 20; ++i) std::copy_n(p.x.begin(), dim, p.x.begin() + i * dim);
  const LandmarkMap map(world, choose_landmarks(world, p, p.rows, 1), 0.2, 1);
  const Problem z = map(p);
  EXPECT_TRUE(std::ranges::all_of(z.x, [](float v) { return std::isfinite(v); }));
  EXPECT_NEAR(dot(row(z.x, 3, z.dim), row(z.x, 5, z.dim)), 1, 1e-5);
}

TEST(Landmarks, CoefficientsGiveTheSameScores) {
  const Communicator world = Communicator::world();
  const Problem p = some_rows({50, 30, 20});
  const Landmarks landmarks = choose_landmarks(world, p, 25, 1);
  const LandmarkMap map(world, landmarks, 0.1, 1);
  const Problem z = map(p);
  std::vector<Column> columns;
  columns.reserve(static_cast<std::size_t>(p.classes));
  for (std::int32_t k = 0; k < p.classes; ++k) columns.push_back({k});
  const Fit fit = Solver(world, z, columns, {}).solve(10);
  const auto scores = decision_values(z, fit);
  const auto coef = map.coefficients(fit);
  for (std::int64_t i = 0; i < p.rows; i += 3)
    for (std::int64_t k = 0; k < p.classes; ++k) {
      double score = fit.intercept[static_cast<std::size_t>(k)];
      for (std::int64_t l = 0; l < 25; ++l)
        score += coef[static_cast<std::size_t>(k * 25 + l)] * kernel(row(p.x, i), row(landmarks.x, l), 0.1);
      EXPECT_NEAR(score, static_cast<double>(scores[static_cast<std::size_t>(i * p.classes + k)]), 1e-5);
    }
}

TEST(Landmarks, GammaIsThatOfAllRowsWhereTheyAreLandmarks) {
  const Communicator world = Communicator::world();
  for (const bool centering : {true, false}) {
    Problem p = some_rows({50, 30});
    const SharedRows shared(world, p, centering, 1);
    if (centering) (void)standardise(world, p);
    const Landmarks all = choose_landmarks(world, p, p.rows, 1);
    for (const char* text : {"scale", "median", "0.25*median", "0.5"}) {
      const Gamma gamma = parse_gamma(text);
      EXPECT_NEAR(gamma_of(world, gamma, p, all) / gamma.of(shared), 1, 1e-5) << text;
    }
  }
}

TEST(Landmarks, HalvesAreMappedAsTheirFloats) {
  const Communicator world = Communicator::world();
  Problem floats = some_rows({50, 30}), halves = floats;
  halves.x.clear();
  for (float& v : floats.x) {
    halves.halves.push_back(half_of_float(v));
    v = float_of_half(halves.halves.back());
  }
  (void)standardise(world, floats);
  (void)standardise(world, halves);
  const auto map = [&](const Problem& p) { return LandmarkMap(world, choose_landmarks(world, p, 20, 1), 0.5, 1)(p).x; };
  const auto a = map(floats), b = map(halves);
  ASSERT_EQ(a.size(), b.size());
  for (std::size_t i = 0; i < a.size(); ++i) EXPECT_NEAR(a[i], b[i], 1e-5F);
}

}  // namespace
}  // namespace pool3
