#include <gtest/gtest.h>

#include "pool3/svm.hpp"
#include "unit/svm/noise.hpp"

namespace pool3 {
namespace {

// Each row by the column of its class that left its fold out, and 0 where none did.
TEST(Classifier, HeldOutScoresAreThoseOfTheRowsFold) {
  Problem problem = test::noise_problem(300, 5, 1);
  for (std::int64_t i = 0; i < problem.rows; ++i) problem.folds.push_back(static_cast<std::int32_t>(i % 4));
  const std::vector<Column> columns = {{0, 2}, {1, 0}, {1, 2}, {0, 0}, {0, 1}, {1, 1}};
  Fit fit{.columns = 6, .dim = 5};
  for (int i = 0; i < 30; ++i) fit.w.push_back(0.1 * (i % 7) - 0.3);
  for (int j = 0; j < 6; ++j) fit.intercept.push_back(j);
  const std::vector<float> held_out = held_out_scores(problem, fit, columns, 1);
  ASSERT_EQ(held_out.size(), 600U);
  for (std::size_t i = 0; i < 300; ++i)
    for (std::int32_t k = 0; k < 2; ++k) {
      double expected = 0;
      for (std::size_t j = 0; j < columns.size(); ++j) {
        if (columns[j].positive_class != k || columns[j].excluded_fold != problem.folds[i]) continue;
        expected = fit.intercept[j];
        for (std::size_t d = 0; d < 5; ++d) expected += fit.w[d * 6 + j] * static_cast<double>(problem.x[i * 5 + d]);
      }
      EXPECT_NEAR(held_out[2 * i + static_cast<std::size_t>(k)], expected, 1e-5) << i;
    }
}

// Values from LIBSVM's own sigmoid_train (svm.cpp) for these scores are checked in tests/e2e; here: its defining
// property, the gradient of the regularised likelihood vanishes.
}  // namespace
}  // namespace pool3
