#include "svm/kernel/low_rank.hpp"

#include <gtest/gtest.h>

#include "svm/kernel/column.hpp"
#include "unit/svm/drawn_kernel.hpp"

namespace pool3 {
namespace {

constexpr std::int64_t rows = 1200;

/// A class of one row in eight, with rows that do not count.
svm::KernelColumn drawn_column(const test::DrawnKernel& drawn, float C) {
  svm::KernelColumn column;
  for (std::int64_t i = 0; i < rows; ++i) {
    column.y.push_back(drawn.x(i, 1) + 0.5 * drawn.x(i, 2) > 1.3 ? 1.0F : -1.0F);
    column.cost.push_back(i % 50 == 7 ? 0.0F : C);
  }
  return column;
}

svm::KernelPoint zero_point() {
  return {.v = std::vector<double>(std::size_t(rows), 0.0), .f = std::vector<double>(std::size_t(rows), 0.0)};
}

svm::KernelPoint solved(const test::DrawnKernel& drawn, const svm::KernelColumn& column,
                        const svm::LowRankKernel* low_rank) {
  svm::KernelPoint p = zero_point();
  svm::solve_column(drawn.kernel, column, {.tolerance = 1e-9}, p, low_rank);
  EXPECT_LT(p.gap, 1e-9 * p.primal);
  return p;
}

/// The guess against the optimum: who has a dual variable, and of which sign. Noise is far from low rank.
void expect_nearly_right(const test::DrawnKernel& drawn, float C) {
  const svm::KernelColumn column = drawn_column(drawn, C);
  const svm::LowRankKernel low_rank(drawn.kernel);
  ASSERT_FALSE(low_rank.is_empty());
  const auto [guessed, v] = low_rank.solve(column);
  const svm::KernelPoint alone = solved(drawn, column, nullptr), started = solved(drawn, column, &low_rank);
  EXPECT_NEAR(started.primal / alone.primal, 1, 1e-8);
  EXPECT_LE(started.products, alone.products);
  std::vector<int> differs(std::size_t(rows), 0);
  for (std::size_t i = 0; i < differs.size(); ++i) differs[i] = alone.v[i] != 0 ? 1 : 0;
  const std::int64_t support = std::count(differs.begin(), differs.end(), 1);
  for (std::size_t r = 0; r < guessed.size(); ++r) {
    const auto i = std::size_t(guessed[r]);
    EXPECT_GT(column.cost[i], 0);
    EXPECT_GT(v[r] * static_cast<double>(column.y[i]), 0);
    differs[i] = 1 - differs[i];
  }
  EXPECT_LT(std::count(differs.begin(), differs.end(), 1), support / 2) << "of " << support;
}

TEST(LowRankKernel, GuessesWhoHasADualVariable) {
  for (const float C : {0.1F, 1.0F, 30.0F}) {
    expect_nearly_right(test::DrawnKernel(rows), C);
    expect_nearly_right(test::DrawnRbf(rows, 0.002), C);
  }
}

TEST(LowRankKernel, IsEmptyWhereItCanNotHelp) {
  EXPECT_TRUE(svm::LowRankKernel(test::DrawnKernel(300).kernel).is_empty()) << "few rows";
  EXPECT_TRUE(svm::LowRankKernel(test::DrawnRbf(rows, 0.5).kernel).is_empty()) << "of all ranks";
  const std::vector<float> zeros(std::size_t(rows * rows), 0.0F);
  EXPECT_TRUE(svm::LowRankKernel({.values = zeros.data(), .rows = rows}).is_empty()) << "nothing to factorise";
}

TEST(LowRankKernel, RowsThatAreAllTheSameEndWell) {
  const std::vector<float> ones(std::size_t(rows * rows), 1.0F);
  const svm::KernelMatrix kernel{.values = ones.data(), .rows = rows};
  const svm::LowRankKernel low_rank(kernel);
  svm::KernelColumn column;
  for (std::int64_t i = 0; i < rows; ++i) {
    column.y.push_back(i < 100 ? 1.0F : -1.0F);
    column.cost.push_back(1.0F);
  }
  svm::KernelPoint p = zero_point();
  svm::solve_column(kernel, column, {.tolerance = 1e-6}, p, low_rank.is_empty() ? nullptr : &low_rank);
  EXPECT_LT(p.gap, 1e-6 * p.primal);
}

}  // namespace
}  // namespace pool3
