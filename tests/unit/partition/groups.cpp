// Groups of rows stay together, and classes get their shares.

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>
#include <set>

#include "pool3/partition.hpp"
#include "pool3/partition/split_sides.hpp"
#include "pool3/partition/stratified.hpp"

namespace pool3 {
namespace {

const std::vector<std::int32_t> labels = {1, 2, 0, 2, 1, 1, 1, 1, 2, 1, 0, 0, 1, 1, 1, 0, 0, 0, 0, 2, 1, 1, 1, 0,
                                          0, 1, 0, 1, 0, 1, 1, 2, 0, 1, 1, 1, 2, 1, 1, 0, 1, 1, 1, 0, 0, 1, 1, 0};
const std::vector<GroupId> groups = {9, 11, 0, 11, 6, 7,  8,  4,  13, 0, 3, 5, 7, 5, 1, 0, 0,  0, 2,  13, 2, 9,  10, 3,
                                     3, 6,  3, 13, 2, 12, 11, 11, 1,  5, 8, 6, 9, 9, 9, 0, 13, 7, 12, 3,  5, 12, 2,  0};

/// Numbered by first appearance: which of equal folds comes first is a matter of rounding.
std::vector<std::int32_t> renumbered(const std::vector<std::int32_t>& folds) {
  std::map<std::int32_t, std::int32_t> numbers;
  std::vector<std::int32_t> out;
  for (const std::int32_t fold : folds)
    out.push_back(numbers.try_emplace(fold, static_cast<std::int32_t>(numbers.size())).first->second);
  return out;
}

// What scikit-learn 1.2.1 gives with StratifiedGroupKFold(folds), when the groups are numbered anew in the order of
// numpy.random.RandomState(seed).permutation(14).
TEST(Groups, FoldsAreScikitLearns) {
  EXPECT_EQ(renumbered(stratified_group_folds(labels, groups, 4, 42)),
            renumbered({1, 2, 3, 2, 3, 0, 0, 1, 3, 3, 0, 1, 0, 1, 0, 3, 3, 3, 2, 3, 2, 1, 2, 0,
                        0, 3, 0, 3, 2, 2, 2, 2, 0, 1, 0, 3, 1, 1, 1, 3, 3, 0, 2, 0, 1, 2, 2, 3}));
  EXPECT_EQ(renumbered(stratified_group_folds(labels, groups, 3, 7)),
            renumbered({2, 0, 0, 0, 1, 0, 0, 1, 1, 0, 1, 2, 0, 2, 2, 0, 0, 0, 2, 1, 2, 2, 0, 1,
                        1, 1, 1, 1, 2, 1, 0, 0, 2, 2, 0, 1, 2, 2, 2, 0, 1, 0, 1, 1, 2, 1, 2, 0}));
}

/// 2,000 rows of 8 classes in groups of 1 to 9; a third of the rows are on their own.
struct Drawn {
  std::vector<std::int32_t> labels;
  std::vector<GroupId> groups;
};
Drawn draw() {
  std::mt19937 random(3);
  Drawn drawn;
  for (GroupId group = 0; drawn.labels.size() < 2000; ++group) {
    const std::size_t size = 1 + random() % 9;
    for (std::size_t i = 0; i < size; ++i) {
      drawn.labels.push_back(static_cast<std::int32_t>((static_cast<std::size_t>(group) + random() % 2) % 8));
      drawn.groups.push_back(group % 3 == 0 ? no_group : group * 1000003);
    }
  }
  return drawn;
}

template <typename Part>
void expect_whole_groups(const Drawn& drawn, const std::vector<Part>& parts) {
  std::map<GroupId, std::set<int>> of_group;
  for (std::size_t i = 0; i < parts.size(); ++i)
    if (drawn.groups[i] != no_group) of_group[drawn.groups[i]].insert(parts[i]);
  for (const auto& [group, found] : of_group) EXPECT_EQ(found.size(), 1) << group;
}

/// Every class is within one group of its share, in each part.
template <typename Part>
void expect_shares(const Drawn& drawn, const std::vector<Part>& parts, const std::vector<double>& shares) {
  for (std::int32_t k = 0; k < 8; ++k)
    for (std::size_t p = 0; p < shares.size(); ++p) {
      double all = 0, here = 0;
      for (std::size_t i = 0; i < parts.size(); ++i) {
        all += drawn.labels[i] == k ? 1 : 0;
        here += drawn.labels[i] == k && parts[i] == static_cast<Part>(p) ? 1 : 0;
      }
      EXPECT_NEAR(here, all * shares[p], 9) << "class " << k << ", part " << p;
    }
}

TEST(Groups, StayTogetherAndClassesGetTheirShares) {
  const Drawn drawn = draw();
  for (const double fraction : {0.1, 0.2, 0.5}) {
    const auto held_out = stratified_group_test_rows(drawn.labels, drawn.groups, fraction, 42);
    expect_whole_groups(drawn, held_out);
    expect_shares(drawn, held_out, {1 - fraction, fraction});
  }
  const auto folds = stratified_group_folds(drawn.labels, drawn.groups, 5, 42);
  expect_whole_groups(drawn, folds);
  expect_shares(drawn, folds, {0.2, 0.2, 0.2, 0.2, 0.2});
  EXPECT_EQ(folds, stratified_group_folds(drawn.labels, drawn.groups, 5, 42));
  EXPECT_NE(folds, stratified_group_folds(drawn.labels, drawn.groups, 5, 43));
}

TEST(Groups, NothingAndNoTestRows) {
  EXPECT_TRUE(stratified_group_folds({}, {}, 3, 1).empty());
  EXPECT_TRUE(stratified_group_test_rows({}, {}, 0.2, 1).empty());
  const auto none = stratified_group_test_rows(labels, groups, 0, 1);
  EXPECT_EQ(std::ranges::count(none, 0), std::ssize(labels));
}

TEST(Groups, AKeyOfAGroupIsItsOwn) {
  const ImageKey a{.high = 1, .low = 2}, b{.high = 3, .low = 4};
  EXPECT_EQ(deciding_key(no_group, a), a);
  EXPECT_EQ(deciding_key(7, a), deciding_key(7, b));
  EXPECT_NE(deciding_key(7, a), deciding_key(8, a));
  int held_out = 0;
  for (GroupId group = 0; group < 10000; ++group) held_out += is_test_row(42, deciding_key(group, a), 0.2) ? 1 : 0;
  EXPECT_NEAR(held_out, 2000, 160);  // four standard deviations
}

TEST(Sides, HaveManyNames) {
  EXPECT_EQ(side_of_name("Train"), RowSide::training);
  EXPECT_EQ(side_of_name("TEST"), RowSide::held_out);
  EXPECT_EQ(side_of_name("hold-out"), RowSide::held_out);
  EXPECT_EQ(side_of_name("validation"), RowSide::left_out);
  for (const char* name : {"train_set", "Training-Set", "trainset", "train_images", "seg_train", "data train"})
    EXPECT_EQ(side_of_name(name), RowSide::training) << name;
  for (const char* name : {"test_set", "testset", "seg_test", "Test Images", "held_out"})
    EXPECT_EQ(side_of_name(name), RowSide::held_out) << name;
  for (const char* name : {"valset", "validation_set", "left_out", "unlabeled", "seg_pred"})
    EXPECT_EQ(side_of_name(name), RowSide::left_out) << name;
  for (const char* name : {"trains", "set", "train_station", "images", "train_set_2", "offset"})
    EXPECT_FALSE(side_of_name(name)) << name;
  EXPECT_FALSE(side_of_name(""));
}

}  // namespace
}  // namespace pool3
