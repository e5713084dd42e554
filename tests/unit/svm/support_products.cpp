#include "svm/algebra/support_products.hpp"

#include <gtest/gtest.h>

#include <type_traits>

#include "svm/algebra/products.hpp"
#include "unit/svm/noise.hpp"

namespace pool3 {
namespace {

using svm::Matrix;

TEST(Products, AreThoseOfTheMatrix) {
  const Communicator comm = Communicator::world();
  const Problem problem = test::noise_problem(300, 70, 1);  // a whole panel, and a short one
  const svm::Objective objective{comm, problem, 0.5, {}};
  const Matrix<double> x = test::rows_with_bias(problem, 0.5);
  const Matrix<double> v = test::noise<double>(71, 5, 2), u = test::noise<double>(300, 5, 3);
  EXPECT_LT((svm::margins(objective, v) - x * v).cwiseAbs().maxCoeff(), 1e-12);
  EXPECT_LT((svm::combine_rows(objective, u) - x.transpose() * u).cwiseAbs().maxCoeff(), 1e-12);
  const Matrix<float> in_float = svm::margins<float>(objective, v.cast<float>());
  EXPECT_LT((in_float.cast<double>() - x * v).cwiseAbs().maxCoeff(), 1e-4);
}

TEST(SupportProducts, AreTheProductsOfTheMatrix) {
  const Communicator comm = Communicator::world();
  constexpr std::int64_t rows = 50, dim = 70, width = 5;
  const Problem problem = test::noise_problem(rows, dim, 1);
  const svm::Objective objective{comm, problem, 0.5, {}};
  Matrix<float> dense = test::noise<float>(rows, width, 2);
  EXPECT_EQ(svm::SupportProducts<float>(objective, dense).density(), 1);
  for (Eigen::Index i = 0; i < dense.size(); ++i)
    if (i % 7 != 0) dense.data()[i] = 0;
  svm::SupportProducts<float> pairs(objective, dense);
  EXPECT_LT(pairs.density(), svm::sparse_enough);
  EXPECT_LT((pairs.combine_rows() - svm::combine_rows(objective, dense)).cwiseAbs().maxCoeff(), 1e-4);

  const Matrix<float> v = test::noise<float>(dim + 1, width, 3);
  const Matrix<float> weighted = svm::margins(objective, v).cwiseProduct(dense);
  const Matrix<float> curved = svm::combine_rows(objective, weighted);
  EXPECT_LT((pairs.curved(v) - curved).cwiseAbs().maxCoeff(), 1e-3);
  const svm::Places columns = {0, 2, 3};
  pairs.keep(columns);
  const Matrix<float> some = pairs.curved(v(Eigen::all, columns));
  EXPECT_LT((some - Matrix<float>(curved(Eigen::all, columns))).cwiseAbs().maxCoeff(), 1e-3);
}

// Blocks of 64 rows, whole and short; columns with from none to all of a block's rows, so runs end in each way.
template <typename Real>
void expect_products_of_blocks() {
  const Communicator comm = Communicator::world();
  constexpr std::int64_t rows = 200, dim = 50, width = 9;
  const Problem problem = test::noise_problem(rows, dim, 1);
  const svm::Objective objective{comm, problem, 2, {}};
  Matrix<Real> dense = test::noise<Real>(rows, width, 2);
  for (std::int64_t i = 0; i < rows; ++i)
    for (std::int64_t c = 0; c < width; ++c)
      if (i % 64 >= c || (c == 7 && i < 64)) dense(i, c) = 0;
  const svm::SupportProducts<Real> pairs(objective, dense);
  const Matrix<double> x = test::rows_with_bias(problem, 2), h = dense.template cast<double>();
  const Matrix<Real> v = test::noise<Real>(dim + 1, width, 3);
  const double enough = std::is_same_v<Real, double> ? 1e-10 : 2e-3;
  const Matrix<double> sums = pairs.combine_rows().template cast<double>();
  EXPECT_LT((sums - x.transpose() * h).cwiseAbs().maxCoeff(), enough);
  const Matrix<double> weighted = (x * v.template cast<double>()).cwiseProduct(h);
  const Matrix<double> curved = pairs.curved(v).template cast<double>();
  EXPECT_LT((curved - x.transpose() * weighted).cwiseAbs().maxCoeff(), enough);
}

TEST(SupportProducts, OfManyBlocksAndRunsOfEachLength) {
  expect_products_of_blocks<float>();
  expect_products_of_blocks<double>();
}

// A vector instruction that straddles two cache lines takes twice as long.
TEST(Matrices, StartWithACacheLine) {
  for (const std::int64_t side : {1, 3, 17, 100}) {
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(Matrix<float>(side, side).data()) % 64, 0U);
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(Matrix<double>(side, side).data()) % 64, 0U);
  }
}

TEST(Matrices, MirrorMakesThemSymmetric) {
  for (const std::int64_t rows : {1, 31, 32, 33, 100}) {
    const Matrix<float> a = test::noise<float>(rows, 20, 4);
    Matrix<float> products;
    svm::set_row_products(a, products);
    EXPECT_LT((products - a * a.transpose()).cwiseAbs().maxCoeff(), 1e-4) << rows;
  }
}

}  // namespace
}  // namespace pool3
