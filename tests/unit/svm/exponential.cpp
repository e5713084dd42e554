#include "svm/algebra/exponential.hpp"

#include <gtest/gtest.h>

#include <cmath>

namespace pool3 {
namespace {

TEST(Exponential, IsThatOfTheLibrary) {
  for (int i = 0; i <= 700'000; ++i) {
    const double x = -0.001 * i;
    EXPECT_NEAR(svm::exp_of(x) / std::exp(x), 1, 1e-15) << x;
  }
  for (int i = 0; i < 87'000; ++i) {
    const float x = -0.001F * static_cast<float>(i);
    EXPECT_NEAR(svm::exp_of(x) / std::exp(x), 1, 2e-7) << x;
  }
}

TEST(Exponential, EndsIn0) {
  EXPECT_EQ(svm::exp_of(0.0), 1);
  EXPECT_EQ(svm::exp_of(-701.0), 0);
  EXPECT_EQ(svm::exp_of(-1e300), 0);
  EXPECT_EQ(svm::exp_of(-88.0F), 0);
}

}  // namespace
}  // namespace pool3
