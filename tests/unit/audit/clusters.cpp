#include "audit/clusters.hpp"

#include <gtest/gtest.h>

#include <cmath>

namespace pool3::audit {
namespace {

/// Points on a line that are near each other within 1.
NearRows on_a_line(const std::vector<double>& points) {
  NearRows near(points.size());
  for (std::size_t i = 0; i < points.size(); ++i)
    for (std::size_t j = 0; j < points.size(); ++j) {
      const double distance = std::abs(points[i] - points[j]);
      if (i != j && distance <= 1) near[i].push_back({distance, static_cast<Row>(j)});
    }
  return near;
}

TEST(Clusters, AreNoChains) {
  // 0 1 2 3 4: each is near the next. One chain would hold all; around a representative there are three at most.
  const Clusters found = cluster(on_a_line({0, 1, 2, 3, 4}));
  EXPECT_EQ(found.representative, (std::vector<std::int64_t>{1, 1, 1, 3, 3}));
  EXPECT_EQ(found.distance, (std::vector<double>{1, 0, 1, 0, 1}));
}

TEST(Clusters, TheMiddleOfMostBecomesRepresentative) {
  const Clusters found = cluster(on_a_line({0, 0.9, 1.8, 50}));
  EXPECT_EQ(found.representative, (std::vector<std::int64_t>{1, 1, 1, 3}));
}

TEST(Clusters, NearInOneListIsNear) {
  NearRows near(3);
  near[2].push_back({0.5, 0});
  EXPECT_EQ(cluster(near).representative, (std::vector<std::int64_t>{0, 1, 0}));
}

TEST(Clusters, FenceIsThatOfNumPysPercentiles) {
  // np.percentile([1, 2, 3, 4, 10], [25, 75]) is [2, 4].
  EXPECT_DOUBLE_EQ(upper_fence({10, 1, 3, 2, 4}, 1.7), 4 + 1.7 * 2);
  // np.percentile([1, 2, 3, 4], [25, 75]) is [1.75, 3.25].
  EXPECT_DOUBLE_EQ(upper_fence({1, 2, 3, 4}, 1), 3.25 + 1.5);
  EXPECT_DOUBLE_EQ(median({4, 1, 3, 2}), 2);
}

}  // namespace
}  // namespace pool3::audit
