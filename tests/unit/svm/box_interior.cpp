// A box whose matrix is singular.

#include "svm/kernel/box/box_interior.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "unit/svm/noise.hpp"

namespace pool3 {
namespace {

/// Rows of three features and their copies: most variables end at a limit.
svm::Box<double> singular_box(std::int64_t n, double high, bool keeps_sum) {
  svm::Matrix<double> x = test::noise<double>(n, 3, 7);
  x.bottomRows(n / 2) = x.topRows(n / 2);
  svm::Box<double> b{x * x.transpose(), svm::Vector<double>::Zero(n), svm::Vector<double>::Zero(n), {}, {}, keeps_sum};
  svm::Vector<double> y(n);
  for (std::int64_t i = 0; i < n; ++i) {
    y[i] = x(i, 0) + 0.8 * test::noise<double>(n, 1, 9)(i, 0) > 0 ? 1 : -1;
    (y[i] > 0 ? b.high : b.low)[i] = y[i] * high;
  }
  b.v = svm::Vector<double>::Zero(n);
  b.h = -y;
  return b;
}

TEST(DescendInside, EndsAtTheMinimumOfASingularBox) {
  for (const bool keeps_sum : {false, true})
    for (const double high : {1.0, 1000.0}) {
      svm::Box<double> b = singular_box(120, high, keeps_sum);
      const svm::Vector<double> y = -b.h;
      ASSERT_TRUE(svm::descend_inside(b, 1e-4));
      EXPECT_LT(b.violation(), 1e-3) << "no variable can go down a slope";
      EXPECT_TRUE((b.v.array() >= b.low.array()).all() && (b.v.array() <= b.high.array()).all());
      EXPECT_LT((b.a * b.v - y - b.h).cwiseAbs().maxCoeff(), 1e-7 * high) << "slopes are those of v";
      EXPECT_TRUE(!keeps_sum || std::abs(b.v.sum()) < 1e-9 * high);
    }
}

TEST(DescendInside, StaysWhereItIsLowest) {
  svm::Box<double> b = singular_box(60, 1, false);
  ASSERT_TRUE(svm::descend_inside(b, 1e-6));
  const svm::Vector<double> v = b.v;
  EXPECT_TRUE(svm::descend_inside(b, 1e-6) || b.v == v);
  EXPECT_LT(b.violation(), 1e-4);
}

}  // namespace
}  // namespace pool3
