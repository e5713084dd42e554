#include "audit/confident_learning.hpp"

#include <gtest/gtest.h>

namespace pool3::audit {
namespace {

// Two classes, six rows. Mean self-confidence: class 0 (0.9 + 0.8 + 0.1) / 3 = 0.6, class 1 (0.7 + 0.9 + 0.2) / 3 =
// 0.6.
const std::vector<std::int32_t> labels = {0, 0, 0, 1, 1, 1};
const std::vector<double> probabilities = {0.9, 0.1, 0.8, 0.2, 0.1, 0.9, 0.3, 0.7, 0.1, 0.9, 0.8, 0.2};

TEST(Confident, ThresholdsAreMeanSelfConfidence) {
  const auto limits = thresholds(self_confidence(labels, probabilities, 3 - 1));
  ASSERT_EQ(limits.size(), 2U);
  EXPECT_NEAR(limits[0], 0.6, 1e-12);
  EXPECT_NEAR(limits[1], 0.6, 1e-12);
}

TEST(Confident, ClassWithoutRowsIsNeverSuggested) {
  const std::vector<std::int32_t> ones(2, 1);
  const std::vector<double> p = {0.99, 0.01, 0.5, 0.5};
  const auto limits = thresholds(self_confidence(ones, p, 2));
  EXPECT_EQ(limits[0], 1);
  EXPECT_TRUE(confident_joint(ones, p, limits).doubts.empty());
}

TEST(Confident, JointCountsConfidentRowsAndDoubtsThoseOffTheDiagonal) {
  const auto joint = confident_joint(labels, probabilities, std::vector<double>{0.6, 0.6});
  EXPECT_EQ(joint.counts, (std::vector<std::int64_t>{2, 1, 1, 2}));
  ASSERT_EQ(joint.doubts.size(), 2U);
  EXPECT_EQ(joint.doubts[0].row, 2);
  EXPECT_EQ(joint.doubts[0].suggested, 1);
  EXPECT_DOUBLE_EQ(joint.doubts[0].confidence, 0.1);
  EXPECT_EQ(joint.doubts[1].row, 5);
}

TEST(Confident, OfSeveralClassesTheMostProbableCounts) {
  // Both thresholds are reached; the label is the less probable one.
  const std::vector<std::int32_t> one = {2};
  const auto joint = confident_joint(one, std::vector<double>{0.3, 0.4, 0.3}, std::vector<double>{0.2, 0.2, 0.2});
  ASSERT_EQ(joint.doubts.size(), 1U);
  EXPECT_EQ(joint.doubts[0].suggested, 1);
}

TEST(Confident, NoDoubtWhereTheLabelIsMostProbable) {
  const std::vector<std::int32_t> one = {0};
  const auto joint = confident_joint(one, std::vector<double>{0.5, 0.3, 0.2}, std::vector<double>{0.9, 0.25, 0.9});
  EXPECT_EQ(joint.counts[1], 1);  // confidently the second, since that is usually less probable
  EXPECT_TRUE(joint.doubts.empty());
}

TEST(Confident, OverlapsAreScaledToTheRowsOfClasses) {
  // Of class 0 half of the rows are confident: each counts twice.
  const std::vector<std::int64_t> joint = {4, 1, 0, 0, 10, 0, 0, 0, 10};
  const std::vector<std::int64_t> rows = {10, 10, 10};
  const auto found = overlaps(joint, rows, 0.05);
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].first, 0);
  EXPECT_EQ(found[0].second, 1);
  EXPECT_DOUBLE_EQ(found[0].rows, 2);
  EXPECT_DOUBLE_EQ(found[0].share, 0.1);
}

}  // namespace
}  // namespace pool3::audit
