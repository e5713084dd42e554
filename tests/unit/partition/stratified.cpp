#include "pool3/partition/stratified.hpp"

#include <gtest/gtest.h>

#include <algorithm>

namespace pool3 {
namespace {

const std::vector<std::int32_t> labels = {0, 0, 2, 1, 0, 1, 1, 0, 2, 0, 0, 1, 1, 1, 2, 4, 0, 1, 1, 0,
                                          0, 4, 0, 0, 3, 1, 1, 2, 0, 2, 0, 0, 1, 3, 0, 1, 0, 2, 2, 0};

std::vector<int> held_out(double fraction, std::uint64_t seed) {
  std::vector<int> rows;
  const auto found = stratified_test_rows(labels, fraction, seed);
  for (std::size_t i = 0; i < found.size(); ++i)
    if (found[i] != 0) rows.push_back(static_cast<int>(i));
  return rows;
}

// What scikit-learn 1.2.1 gives with train_test_split(range(40), stratify=labels, ...), sorted.
TEST(Stratified, TestRowsAreScikitLearns) {
  EXPECT_EQ(held_out(0.2, 42), (std::vector<int>{5, 8, 9, 12, 19, 23, 27, 30}));
  EXPECT_EQ(held_out(0.35, 7), (std::vector<int>{2, 3, 7, 9, 15, 16, 18, 22, 24, 30, 32, 35, 36, 37}));
  EXPECT_EQ(held_out(0.5, 4294967295U),
            (std::vector<int>{0, 2, 4, 8, 9, 13, 16, 17, 18, 19, 21, 22, 23, 25, 30, 32, 33, 35, 37, 38}));
  EXPECT_TRUE(held_out(0, 42).empty());
}

// What StratifiedKFold(..., shuffle=True) gives.
TEST(Stratified, FoldsAreScikitLearns) {
  EXPECT_EQ(stratified_folds(labels, 5, 42),
            (std::vector<std::int32_t>{0, 0, 0, 0, 1, 3, 2, 4, 2, 3, 4, 0, 3, 4, 4, 1, 2, 1, 4, 3,
                                       0, 2, 2, 4, 3, 2, 0, 3, 1, 2, 1, 2, 1, 4, 3, 4, 0, 1, 3, 1}));
  EXPECT_EQ(stratified_folds(labels, 3, 0),
            (std::vector<std::int32_t>{0, 1, 2, 1, 1, 0, 2, 1, 1, 2, 0, 0, 1, 1, 1, 0, 0, 2, 0, 2,
                                       1, 1, 1, 2, 0, 0, 1, 2, 1, 2, 0, 0, 2, 2, 0, 2, 2, 0, 0, 2}));
}

TEST(Stratified, AClassOfOneRowTrains) {
  std::vector<std::int32_t> more = labels;
  more.insert(more.begin() + 3, 7);
  auto rows = stratified_test_rows(more, 0.2, 42);
  EXPECT_EQ(rows[3], 0);
  rows.erase(rows.begin() + 3);
  EXPECT_EQ(rows, stratified_test_rows(labels, 0.2, 42));  // the others as if it were not there
  EXPECT_EQ(stratified_test_rows(std::vector<std::int32_t>{0, 1, 2}, 0.9, 1), (std::vector<std::uint8_t>{0, 0, 0}));
  EXPECT_TRUE(stratified_test_rows({}, 0.2, 1).empty());
}

TEST(Stratified, FewRowsForManyFolds) {
  const auto folds = stratified_folds(std::vector<std::int32_t>{1, 1, 0}, 10, 42);
  EXPECT_TRUE(std::ranges::all_of(folds, [](auto f) { return f >= 0 && f < 10; }));
  EXPECT_TRUE(stratified_folds({}, 3, 42).empty());
}

}  // namespace
}  // namespace pool3
