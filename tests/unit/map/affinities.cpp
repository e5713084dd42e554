#include "map/affinities.hpp"

#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <numeric>

namespace pool3::map {
namespace {

TEST(Affinities, WeightsHaveThePerplexityThatIsAskedFor) {
  const std::vector<float> squares = {1, 2, 4, 8, 9, 16, 25, 30, 31, 80};
  for (const double perplexity : {2.0, 5.0, 9.0}) {
    const auto weights = gaussian_weights(squares, perplexity);
    double entropy = 0;
    for (const double w : weights) entropy -= w > 0 ? w * std::log(w) : 0;
    EXPECT_NEAR(std::exp(entropy), perplexity, 1e-3);
    EXPECT_NEAR(std::accumulate(weights.begin(), weights.end(), 0.0), 1, 1e-12);
    EXPECT_TRUE(std::is_sorted(weights.rbegin(), weights.rend()));
  }
}

TEST(Affinities, EqualDistancesWeighAlike) {
  for (const double w : gaussian_weights(std::vector<float>(4, 7.0F), 2)) EXPECT_DOUBLE_EQ(w, 0.25);
}

TEST(Affinities, AreSymmetricAndSumToOne) {
  // Four points on a line, two neighbours each.
  const Neighbours near{.k = 2, .rows = {1, 2, 0, 2, 3, 1, 2, 1}, .squares = {1, 9, 1, 4, 1, 4, 1, 9}};
  const Affinities p = affinities(near, 1.5, 1);
  ASSERT_EQ(p.rows(), 4);
  std::array<std::array<double, 4>, 4> dense{};
  double sum = 0;
  for (std::size_t i = 0; i < 4; ++i)
    for (std::int64_t k = p.begin[i]; k < p.begin[i + 1]; ++k) {
      dense[i][index(p.columns[index(k)])] += double{p.values[index(k)]};
      sum += double{p.values[index(k)]};
    }
  EXPECT_NEAR(sum, 1, 1e-6);
  for (std::size_t i = 0; i < 4; ++i)
    for (std::size_t j = 0; j < 4; ++j)
      EXPECT_FLOAT_EQ(static_cast<float>(dense[i][j]), static_cast<float>(dense[j][i]));
  const auto of_first = gaussian_weights(std::vector<float>{1, 9}, 1.5),
             of_third = gaussian_weights(std::vector<float>{1, 4}, 1.5);
  EXPECT_NEAR(dense[0][2], of_first[1] / 8, 1e-7);  // the third does not know the first
  EXPECT_NEAR(dense[2][3], (of_third[0] + gaussian_weights(std::vector<float>{1, 9}, 1.5)[0]) / 8, 1e-7);
  EXPECT_EQ(dense[0][3], 0);
}

}  // namespace
}  // namespace pool3::map
