#include "svm/newton/line_search.hpp"

#include <gtest/gtest.h>

#include "unit/svm/noise.hpp"

namespace pool3 {
namespace {

/// The squared hinge of some rows along a line, for two columns.
struct Line {
  svm::Matrix<double> f = test::noise<double>(60, 2, 1), xd = test::noise<double>(60, 2, 2);
  svm::Sums vd{{-0.4, -20.0}}, dd{{1.5, 0.7}};
  double C = 3;

  [[nodiscard]] double objective(std::int64_t c, double t) const {
    const auto slack = (1 - f.col(c).array() - t * xd.col(c).array()).max(0.0);
    return C * slack.square().sum() + t * vd[c] + 0.5 * t * t * dd[c];
  }
  [[nodiscard]] svm::LossSlopes slopes(const svm::Sums& t) const {
    svm::LossSlopes out{svm::Sums::Zero(2), svm::Sums::Zero(2)};
    for (Eigen::Index c = 0; c < 2; ++c) {
      const Eigen::ArrayXd slack = (1 - f.col(c).array() - t[c] * xd.col(c).array()).max(0.0);
      out.slope[c] = (-2 * C * slack * xd.col(c).array()).sum();
      out.curve[c] = (slack > 0).select(2 * C * xd.col(c).array().square(), 0.0).sum();
    }
    return out;
  }
};

TEST(LineSearch, FindsTheMinimumOfEachColumn) {
  const Line line;
  const svm::Sums t = svm::line_search(line.vd, line.dd, [&](const svm::Sums& at) { return line.slopes(at); });
  for (Eigen::Index c = 0; c < 2; ++c) {
    const svm::Sums slope = line.slopes(t).slope + line.vd + t * line.dd;
    EXPECT_NEAR(slope[c], 0, 1e-3) << c;
    for (const double away : {-0.1, -0.01, 0.01, 0.1})
      EXPECT_GT(line.objective(c, t[c] + away), line.objective(c, t[c])) << c;
  }
}

// A quadratic is done in one step; a column that goes nowhere, and one that is there, keep t = 1.
TEST(LineSearch, QuadraticsAndEdges) {
  const svm::Sums vd{{-6.0, 1.0, -2.0}}, dd{{2.0, 0.0, 2.0}};
  int calls = 0;
  const svm::Sums t = svm::line_search(vd, dd, [&](const svm::Sums& at) {
    ++calls;
    return svm::LossSlopes{svm::Sums::Zero(at.size()), svm::Sums::Zero(at.size())};
  });
  EXPECT_DOUBLE_EQ(t[0], 3);
  EXPECT_DOUBLE_EQ(t[1], 1);
  EXPECT_DOUBLE_EQ(t[2], 1);
  EXPECT_LE(calls, 2);
}

// Newton's step alone would go to and fro for ever here: a slope that is flat far from its zero.
TEST(LineSearch, StaysInItsBracket) {
  const svm::Sums t = svm::line_search(svm::Sums::Zero(1), svm::Sums::Constant(1, 1e-9), [](const svm::Sums& at) {
    const double x = at[0] - 7;
    return svm::LossSlopes{svm::Sums::Constant(1, std::atan(50 * x)), svm::Sums::Constant(1, 50 / (1 + 2500 * x * x))};
  });
  EXPECT_NEAR(t[0], 7, 1e-4);
}

}  // namespace
}  // namespace pool3
