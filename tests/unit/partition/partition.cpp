#include "pool3/partition.hpp"

#include <gtest/gtest.h>

#include <random>
#include <vector>

namespace pool3 {
namespace {

TEST(Partition, EvenSharesCoverAllRowsOnce) {
  for (const std::int64_t rows : {0, 1, 7, 64, 1001})
    for (const std::int64_t parts : {1, 2, 3, 16, 100}) {
      Row next = 0;
      std::int64_t least = rows, most = 0;
      for (std::int64_t p = 0; p < parts; ++p) {
        const RowRange share = even_share(rows, parts, p);
        EXPECT_EQ(share.begin, next);
        next = share.end;
        least = std::min(least, share.size());
        most = std::max(most, share.size());
      }
      EXPECT_EQ(next, rows);
      EXPECT_LE(most - least, 1);
    }
}

TEST(Partition, BlocksBeyondTwoToTheThirtyOne) {
  const std::int64_t rows = (std::int64_t{1} << 33) + 5;
  EXPECT_EQ(block_count(rows, 16), (std::int64_t{1} << 29) + 1);
  EXPECT_EQ(block_range(rows, 16, block_count(rows, 16) - 1), (RowRange{rows - 5, rows}));
  EXPECT_EQ(block_count(0, 16), 0);
}

std::vector<ImageKey> keys(std::size_t count) {
  std::mt19937_64 random(1);
  std::vector<ImageKey> all(count);
  for (auto& key : all) key = {random(), random()};
  return all;
}

TEST(Split, HoldsOutTheFraction) {
  int test = 0;
  std::vector<int> folds(10, 0);
  for (const auto& key : keys(100000)) {
    test += is_test_row(42, key, 0.2) ? 1 : 0;
    ++folds.at(static_cast<std::size_t>(fold_of(42, key, 10)));
  }
  EXPECT_NEAR(test, 20000, 600);  // over four standard deviations
  for (const int n : folds) EXPECT_NEAR(n, 10000, 500);
}

TEST(Split, DependsOnSeedAndBothWordsOfTheKey) {
  int by_seed = 0, by_high = 0, by_low = 0;
  for (const auto& key : keys(2000)) {
    by_seed += is_test_row(1, key, 0.5) != is_test_row(2, key, 0.5) ? 1 : 0;
    by_high += is_test_row(1, key, 0.5) != is_test_row(1, {key.high ^ 1, key.low}, 0.5) ? 1 : 0;
    by_low += is_test_row(1, key, 0.5) != is_test_row(1, {key.high, key.low ^ 1}, 0.5) ? 1 : 0;
  }
  for (const int n : {by_seed, by_high, by_low}) EXPECT_NEAR(n, 1000, 100);
}

// The split of an image must never move: these values are part of the format.
TEST(Split, StaysAsItIs) {
  EXPECT_DOUBLE_EQ(key_uniform(42, {1, 2}, 1), key_uniform(42, {1, 2}, 1));
  EXPECT_EQ(fold_of(42, {0x0123456789abcdefU, 0xfedcba9876543210U}, 10), 9);
  EXPECT_FALSE(is_test_row(42, {5, 6}, 0.0));
}

TEST(ImageKey, HexIsCanonical) {
  EXPECT_EQ(to_hex(ImageKey{0x0123456789abcdefU, 0xfedcba9876543210U}), "0123456789abcdeffedcba9876543210");
}

}  // namespace
}  // namespace pool3
