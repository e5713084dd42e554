#include <gtest/gtest.h>

#include <cmath>
#include <random>

#include "svm/algebra/support_products.hpp"
#include "svm/newton/factorised_step.hpp"

namespace pool3 {
namespace {

using svm::Floats;

Floats noise(std::int64_t size, unsigned seed) {
  std::mt19937 random(seed);
  std::normal_distribution<float> normal;
  Floats out(static_cast<std::size_t>(size));
  for (float& v : out) v = normal(random);
  return out;
}

TEST(RowEntries, AreTheProductsOfTheMatrix) {
  const Communicator comm = Communicator::world();
  constexpr std::int64_t rows = 50, dim = 70, width = 5;
  Problem problem{.rows = rows, .dim = dim, .classes = 2, .x = noise(rows * dim, 1)};
  problem.labels.assign(rows, 0);
  const svm::Point point{.comm = comm, .problem = problem, .bias = 0.5, .table = {}};
  Floats dense = noise(rows * width, 2);
  for (std::size_t i = 0; i < dense.size(); ++i)
    if (i % 7 != 0) dense[i] = 0;
  svm::RowEntries<float> pairs(point, dense, width);
  EXPECT_TRUE(pairs.few());
  EXPECT_FALSE(svm::RowEntries<float>(point, noise(rows * width, 2), width).few());
  const svm::Products products(point, width);
  const Floats expected = products.back(dense), found = pairs.back();
  for (std::size_t i = 0; i < expected.size(); ++i) EXPECT_NEAR(found[i], expected[i], 1e-4);

  const Floats v = noise((dim + 1) * width, 3);
  Floats weighted = products.margins(v);
  for (std::size_t i = 0; i < dense.size(); ++i) weighted[i] *= dense[i];
  const Floats curved = products.back(weighted);
  const Floats all = pairs.curved(v);
  for (std::size_t i = 0; i < curved.size(); ++i) EXPECT_NEAR(all[i], curved[i], 1e-3);
  const std::vector<std::int64_t> columns = {0, 2, 3};
  pairs.keep(columns);
  const Floats some = pairs.curved(svm::gather(v, width, columns));
  const Floats wanted = svm::gather(curved, width, columns);
  for (std::size_t i = 0; i < wanted.size(); ++i) EXPECT_NEAR(some[i], wanted[i], 1e-3);
}

// Features of very different scale, and h from 0 to 1e9, or 0 throughout: (I + sum h x x^T) d is r again.
TEST(SolveDirectly, SolvesWhatIsBadlyScaled) {
  const Communicator comm = Communicator::world();
  constexpr std::size_t rows = 200, dim = 20, width = 2;
  Problem problem{.rows = rows, .dim = dim, .classes = 2, .x = noise(rows * dim, 1)};
  for (std::size_t i = 0; i < problem.x.size(); ++i) problem.x[i] *= std::pow(10.0F, static_cast<float>(i % dim) / 4);
  const svm::Point point{.comm = comm, .problem = problem, .bias = 0.5, .table = {}};
  const auto x = [&](std::size_t i, std::size_t k) {
    return k < dim ? static_cast<double>(problem.x[i * dim + k]) : point.bias;
  };
  const Floats drawn = noise(rows * width, 2), wanted = noise((dim + 1) * width, 3);
  svm::Doubles h(drawn.begin(), drawn.end());
  for (std::size_t i = 0; i < h.size(); ++i) h[i] = i % width == 0 && h[i] > 0 ? 1e9 * h[i] : 0;
  const svm::Doubles d(wanted.begin(), wanted.end());
  svm::Doubles right = d;
  for (std::size_t c = 0; c < width; ++c)
    for (std::size_t i = 0; i < rows; ++i) {
      double margin = 0;
      for (std::size_t k = 0; k <= dim; ++k) margin += x(i, k) * d[k * width + c];
      for (std::size_t k = 0; k <= dim; ++k) right[k * width + c] += h[i * width + c] * margin * x(i, k);
    }
  const svm::Doubles found = svm::solve_directly(point, h, right);
  for (std::size_t i = 0; i < d.size(); ++i) EXPECT_NEAR(found[i], d[i], 1e-6);
}

}  // namespace
}  // namespace pool3
