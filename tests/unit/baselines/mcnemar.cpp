#include <gtest/gtest.h>

#include "pool3/baselines.hpp"

namespace pool3 {
namespace {

// Worked out by hand: sums of binomial coefficients over powers of two.
TEST(McNemar, IsTheExactBinomialTest) {
  EXPECT_DOUBLE_EQ(mcnemar_p(0, 0), 1);
  EXPECT_NEAR(mcnemar_p(0, 5), 2.0 / 32, 1e-12);
  EXPECT_NEAR(mcnemar_p(5, 0), 2.0 / 32, 1e-12);
  EXPECT_NEAR(mcnemar_p(2, 8), 2.0 * (1 + 10 + 45) / 1024, 1e-12);
  EXPECT_DOUBLE_EQ(mcnemar_p(4, 4), 1);
}

// scipy.stats.binomtest(480, 1000).pvalue
TEST(McNemar, TakesManyRows) { EXPECT_NEAR(mcnemar_p(480, 520), 0.21744, 1e-4); }

TEST(McNemar, CountsRowsThatOneAloneHasRight) {
  const std::vector<std::int32_t> truth = {0, 1, 2, 0, 1}, a = {0, 1, 0, 1, 1}, b = {0, 2, 2, 1, 0};
  const PairedTest test = mcnemar(truth, a, b);
  EXPECT_EQ(test.only_first, 2);
  EXPECT_EQ(test.only_second, 1);
  EXPECT_DOUBLE_EQ(test.p, 1);
}

}  // namespace
}  // namespace pool3
