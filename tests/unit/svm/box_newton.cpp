// Newton's method on which variables are at which limit.

#include "svm/kernel/box/box_newton.hpp"

#include <gtest/gtest.h>

#include "unit/svm/noise.hpp"

namespace pool3 {
namespace {

/// A positive definite box of n variables, of which about half end at 0, with limits of v as in both losses.
template <typename Real>
svm::Box<Real> drawn_box(std::int64_t n, double high, double start) {
  const svm::Matrix<double> x = test::noise<double>(n, 40, 3);
  svm::Matrix<double> a = 0.1 * x * x.transpose();
  a.diagonal().array() += 0.5;
  const svm::Vector<double> y = test::noise<double>(n, 1, 4);
  svm::Box<Real> b{a.cast<Real>(),
                   svm::Vector<double>::Zero(n),
                   svm::Vector<double>::Constant(n, high),
                   svm::Vector<double>::Constant(n, start),
                   {}};
  b.h = a * b.v - y;
  return b;
}

template <typename Real>
void expect_minimum(svm::Box<Real> b, double tolerance) {
  const svm::Vector<double> right = b.a.template cast<double>() * b.v - b.h;
  ASSERT_TRUE(svm::newton(b, 20));
  EXPECT_LT(b.violation(), tolerance);
  EXPECT_TRUE((b.v.array() >= b.low.array()).all() && (b.v.array() <= b.high.array()).all());
  EXPECT_LT((b.a.template cast<double>() * b.v - right - b.h).cwiseAbs().maxCoeff(), tolerance)
      << "slopes are those of v";
  const auto at_low = (b.v.array() == 0).count();
  EXPECT_GT(at_low, b.size() / 5) << "the case has limits that hold";
  EXPECT_LT(at_low, 4 * b.size() / 5);
}

// Few variables are solved for at once, many in parts.
TEST(BoxNewton, EndsAtTheMinimum) {
  for (const std::int64_t n : {20, 200, 400, 700})
    for (const double start : {0.0, 0.3}) {
      expect_minimum(drawn_box<double>(n, 1e9, start), 1e-10);
      expect_minimum(drawn_box<float>(n, 1e9, start), 1e-4);
      expect_minimum(drawn_box<double>(n, 0.5, start), 1e-10);
    }
}

}  // namespace
}  // namespace pool3
