#include "map/class_sample.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>

namespace pool3::map {
namespace {

TEST(Sample, TakesSmallClassesWholeAndTheOthersAlike) {
  std::vector<std::int32_t> labels;
  labels.reserve(1000);
  for (int i = 0; i < 1000; ++i) labels.push_back(i < 5 ? 3 : i < 400 ? 1 : i < 900 ? 2 : -1);
  const auto rows = sample_classes(labels, 95, 1);
  EXPECT_EQ(rows.size(), 95U);
  EXPECT_TRUE(std::ranges::is_sorted(rows));
  std::map<std::int32_t, int> counts;
  for (const auto row : rows) ++counts[labels[static_cast<std::size_t>(row)]];
  EXPECT_EQ(counts, (std::map<std::int32_t, int>{{-1, 30}, {1, 30}, {2, 30}, {3, 5}}));
  EXPECT_EQ(rows, sample_classes(labels, 95, 1));
  EXPECT_NE(rows, sample_classes(labels, 95, 2));
}

TEST(Sample, TakesAllIfThereAreNoMore) {
  EXPECT_EQ(sample_classes(std::vector<std::int32_t>{2, 1, 0}, 3, 0), (std::vector<std::int64_t>{0, 1, 2}));
}

}  // namespace
}  // namespace pool3::map
