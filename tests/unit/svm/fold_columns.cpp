#include "svm/kernel/fold_columns.hpp"

#include <gtest/gtest.h>

#include "svm/algebra/cholesky.hpp"
#include "svm/kernel/hinge_folds.hpp"
#include "unit/svm/drawn_kernel.hpp"
#include "unit/svm/noise.hpp"

namespace pool3 {
namespace {

/// The largest entry of a a^-1 - 1, for a = M M^T + 1.
template <typename Real>
double error_of_inverse(std::int64_t n) {
  const svm::Matrix<double> m = test::noise<double>(n, n, 5) / std::sqrt(static_cast<double>(n));
  const svm::Matrix<double> a = m * m.transpose() + svm::Matrix<double>::Identity(n, n);
  svm::PositiveInverse<Real> inverse(n);
  for (std::int64_t i = 0; i < n; ++i)
    for (std::int64_t j = 0; j <= i; ++j) inverse.row(i)[j] = static_cast<Real>(a(i, j));
  EXPECT_TRUE(inverse.invert());
  svm::Matrix<double> found(n, n);
  for (std::int64_t i = 0; i < n; ++i)
    for (std::int64_t j = 0; j < n; ++j) found(i, j) = static_cast<double>(inverse.row(i)[j]);
  return (a * found - svm::Matrix<double>::Identity(n, n)).cwiseAbs().maxCoeff();
}

TEST(PositiveInverse, TimesTheMatrixIsOne) {
  for (const std::int64_t n : {1, 2, 31, 32, 33, 64, 100, 257}) {
    EXPECT_LT(error_of_inverse<float>(n), 2e-5) << n;
    EXPECT_LT(error_of_inverse<double>(n), 1e-13) << n;
  }
}

TEST(PositiveInverse, SaysWhenThereIsNone) {
  svm::PositiveInverse<double> inverse(40);
  for (std::int64_t i = 0; i < 40; ++i) inverse.row(i)[i] = i == 35 ? -1 : 1;
  EXPECT_FALSE(inverse.invert());
}

TEST(AddProducts, OfSeveralColumnsAreTheirSums) {
  const test::DrawnKernel drawn(307);
  const svm::RowList rows = {0, 5, 17, 100, 306};
  for (const std::int64_t columns : {1, 3, 5, 7, 10}) {
    const svm::Matrix<double> u = test::noise<double>(columns, 5, 9);
    svm::Matrix<double> f = svm::Matrix<double>::Constant(columns, 307, 2.0);
    svm::add_products(drawn.kernel, rows, u, f);
    for (std::int64_t c = 0; c < columns; ++c)
      for (std::int64_t j = 0; j < 307; ++j) {
        double sum = 2;
        for (std::size_t r = 0; r < rows.size(); ++r) sum += u(c, std::int64_t(r)) * drawn.at(rows[r], j);
        EXPECT_NEAR(f(c, j), sum, 1e-9);
      }
    svm::Matrix<double> alone = svm::Matrix<double>::Constant(1, 307, 2.0);
    svm::add_products(drawn.kernel, rows, u.row(columns - 1), alone);
    EXPECT_TRUE(alone.row(0) == f.row(columns - 1)) << "the same bits beside others";
  }
}

TEST(AddProducts, RoughOnesAreNearlyTheSame) {
  for (const std::int64_t n : {5, 64, 307}) {
    const test::DrawnKernel drawn(n);
    svm::RowList rows;
    for (std::int32_t i = 0; i < n; i += 2) rows.push_back(i);
    for (const std::int64_t columns : {1, 5, 7}) {
      const svm::Matrix<double> u = test::noise<double>(columns, std::ssize(rows), 9);
      svm::Matrix<double> exact = svm::Matrix<double>::Constant(columns, n, 2.0), rough = exact;
      svm::add_products(drawn.kernel, rows, u, exact);
      svm::add_rough_products(drawn.kernel, rows, u, rough);
      for (std::int64_t c = 0; c < columns; ++c)
        for (std::int64_t j = 0; j < n; ++j) {
          double size = 0;
          for (std::size_t r = 0; r < rows.size(); ++r)
            size += std::abs(u(c, std::int64_t(r)) * double(drawn.values(rows[r], j)));
          EXPECT_NEAR(rough(c, j), exact(c, j), 2e-7 * size + 1e-12);
        }
    }
  }
}

TEST(GatherRow, IsThatOfTheWholeKernel) {
  const test::DrawnKernel drawn(40);
  const svm::RowList rows = {1, 3, 17, 39};
  const svm::Matrix<double> all = svm::gather<double>(drawn.kernel, rows);
  for (std::int64_t r = 0; r < 4; ++r) {
    std::vector<double> row(std::size_t(r) + 1);
    svm::gather_row(drawn.kernel, rows, r, row.data());
    for (std::int64_t c = 0; c <= r; ++c) EXPECT_NEAR(row[std::size_t(c)], all(r, c), 1e-14);
  }
}

/// Starts of two folds, and how far they are from the optimum without any step from there.
void expect_near_optimum(const test::DrawnKernel& drawn, float C, Loss loss, std::int32_t count, double tolerance) {
  const std::int64_t n = drawn.kernel.rows;
  svm::KernelColumn column{.y = {}, .cost = std::vector<float>(std::size_t(n), C), .loss = loss};
  std::vector<std::int32_t> folds;
  for (std::int64_t i = 0; i < n; ++i) {
    column.y.push_back(drawn.x(i, 1) + 0.5 * drawn.x(i, 2) > 0.8 ? 1.0F : -1.0F);
    folds.push_back(static_cast<std::int32_t>(i % count));
  }
  svm::KernelPoint all{.v = std::vector<double>(std::size_t(n), 0.0), .f = std::vector<double>(std::size_t(n), 0.0)};
  svm::solve_column(drawn.kernel, column, {.tolerance = 1e-9}, all);
  ASSERT_LT(all.gap, 1e-8 * all.primal);
  const auto start = loss == Loss::l2 ? svm::start_folds : svm::start_hinge_folds;
  const auto starts = start(drawn.kernel, column, all, folds, std::vector<std::int32_t>{1, 3}, 0);
  const auto rough = start(drawn.kernel, column, all, folds, std::vector<std::int32_t>{1, 3}, 1e-4);
  ASSERT_EQ(starts.size(), 2U);
  for (std::size_t k = 0; k < 2; ++k) {
    svm::KernelColumn without = column;
    for (std::size_t i = 0; i < folds.size(); ++i)
      if (folds[i] == std::int32_t(2 * k + 1)) without.cost[i] = 0;
    svm::KernelPoint point = starts[k];
    svm::certify(without, point);
    EXPECT_LT(point.gap, tolerance * point.primal) << "without any step from there";
    for (std::size_t i = 0; i < folds.size(); ++i) {
      EXPECT_LE(0, static_cast<double>(without.y[i]) * point.v[i]);
      EXPECT_TRUE(loss == Loss::l2 || std::abs(point.v[i]) <= static_cast<double>(without.cost[i]));
      EXPECT_TRUE(without.cost[i] > 0 || point.v[i] == 0);
      double f = 0, changed = 0;
      for (std::size_t j = 0; j < folds.size(); ++j) {
        const double entry = drawn.at(std::int64_t(j), std::int64_t(i));
        f += point.v[j] * entry;
        changed += std::abs((point.v[j] - all.v[j]) * entry);
      }
      EXPECT_NEAR(rough[k].f[i], f, 3e-7 * changed + 1e-9 * (1 + std::abs(f)));
      EXPECT_NEAR(point.f[i], f, 1e-9 * (1 + std::abs(f)) + 1e-9);
    }
  }
}

TEST(StartFolds, IsTheOptimumWithoutTheFold) { expect_near_optimum(test::DrawnKernel(240), 0.5F, Loss::l2, 4, 1e-3); }

TEST(StartHingeFolds, IsTheOptimumWithoutTheFold) {
  const test::DrawnRbf drawn(400);
  expect_near_optimum(drawn, 0.3F, Loss::l1, 20, 1e-3);
  expect_near_optimum(drawn, 3.0F, Loss::l1, 20, 3e-2);
}

TEST(StartHingeFolds, ManyCopiesOfARowAreNoObstacle) {
  test::DrawnRbf drawn(200);
  for (std::int64_t i = 0; i < 200; ++i) drawn.x.row(i) = drawn.x.row(i / 4 * 4).eval();
  for (std::int64_t i = 0; i < 200; ++i)
    for (std::int64_t j = 0; j < 200; ++j)
      drawn.rbf(i, j) = drawn.values(i, j) =
          static_cast<float>(std::exp(-0.05 * (drawn.x.row(i) - drawn.x.row(j)).squaredNorm()));
  expect_near_optimum(drawn, 3.0F, Loss::l1, 10, 1e-2);
}

}  // namespace
}  // namespace pool3
