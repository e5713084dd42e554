// Where pictures are: each step moves one, counts agree with the rows at every moment, limits hold, drops leave
// nothing.

#include "extraction/ledger.hpp"

#include <gtest/gtest.h>

#include <random>

namespace pool3::extraction {
namespace {

constexpr Ledger::Limits roomy = {1000, std::size_t{1} << 30U};

BlockTask task_of(std::int64_t index, int rows) {
  BlockTask task{.index = index, .first_row = index * 100};
  for (int i = 0; i < rows; ++i) task.paths.push_back(std::to_string(index) + "/" + std::to_string(i));
  return task;
}

/// Rows at each station, from `waiting` to `batched`.
std::vector<std::int64_t> counts(const Ledger& ledger) {
  return {ledger.at(Station::waiting), ledger.at(Station::reading), ledger.at(Station::ahead),
          ledger.at(Station::decoding), ledger.at(Station::batched)};
}

std::vector<std::byte> bytes(std::size_t size) { return std::vector<std::byte>(size); }

TEST(Ledger, APictureGoesFromStationToStation) {
  Ledger ledger(roomy, 4);
  EXPECT_FALSE(ledger.can_read());
  ledger.submit(task_of(7, 1));
  EXPECT_EQ(counts(ledger), (std::vector<std::int64_t>{1, 0, 0, 0, 0}));
  EXPECT_TRUE(ledger.holds());

  const BlockRow row = ledger.begin_reading();
  EXPECT_EQ(row.path(), "7/0");
  EXPECT_EQ(row.number(), 700);
  EXPECT_EQ(row.features().size(), 4U);
  EXPECT_FALSE(ledger.can_read());
  EXPECT_EQ(counts(ledger), (std::vector<std::int64_t>{0, 1, 0, 0, 0}));
  EXPECT_TRUE(ledger.holds());

  ledger.end_reading(row, bytes(10));
  EXPECT_TRUE(ledger.can_decode());
  EXPECT_EQ(ledger.bytes_ahead(), 10U);
  EXPECT_EQ(counts(ledger), (std::vector<std::int64_t>{0, 0, 1, 0, 0}));
  EXPECT_TRUE(ledger.holds());

  const Picture picture = ledger.begin_decoding();
  EXPECT_EQ(picture.row.path(), "7/0");
  EXPECT_EQ(picture.bytes.size(), 10U);
  EXPECT_EQ(ledger.bytes_ahead(), 0U);
  EXPECT_EQ(counts(ledger), (std::vector<std::int64_t>{0, 0, 0, 1, 0}));
  EXPECT_EQ(ledger.before_batches(), 1);
  EXPECT_TRUE(ledger.holds());

  ledger.end_decoding(picture.row);
  EXPECT_EQ(counts(ledger), (std::vector<std::int64_t>{0, 0, 0, 0, 1}));
  EXPECT_EQ(ledger.before_batches(), 0);
  EXPECT_EQ(ledger.unsettled(), 1);
  EXPECT_TRUE(ledger.holds());

  const auto block = ledger.settle(row);
  ASSERT_TRUE(block);
  EXPECT_EQ(block->index, 7);
  EXPECT_EQ(block->status, std::vector{RowStatus::done});
  EXPECT_EQ(block->copied, 0);
  EXPECT_EQ(counts(ledger), (std::vector<std::int64_t>(5, 0)));
  EXPECT_EQ(ledger.unsettled(), 0);
  EXPECT_EQ(ledger.in_flight(), 1);
  ledger.hand_over();
  EXPECT_EQ(ledger.in_flight(), 0);
  EXPECT_TRUE(ledger.holds());
}

TEST(Ledger, PicturesAreReadInOrderAndBlocksEndWithTheirLastRow) {
  Ledger ledger(roomy, 1);
  ledger.submit(task_of(0, 2));
  ledger.submit(task_of(1, 1));
  std::vector<BlockRow> rows;
  std::vector<std::string> paths;
  while (ledger.can_read()) {
    rows.push_back(ledger.begin_reading());
    paths.push_back(rows.back().path());
    EXPECT_TRUE(ledger.holds());
  }
  EXPECT_EQ(paths, (std::vector<std::string>{"0/0", "0/1", "1/0"}));
  EXPECT_FALSE(ledger.settle(rows[1]));
  EXPECT_TRUE(ledger.holds());
  EXPECT_EQ(ledger.settle(rows[2])->index, 1);  // the second block is not held up by the first
  EXPECT_TRUE(ledger.holds());
  EXPECT_EQ(ledger.settle(rows[0])->index, 0);
  EXPECT_TRUE(ledger.holds());
}

TEST(Ledger, FailuresAndCopiesComeWithTheBlockInOrderOfRows) {
  Ledger ledger(roomy, 1);
  ledger.submit(task_of(2, 4));
  std::vector<BlockRow> rows;
  while (ledger.can_read()) rows.push_back(ledger.begin_reading());
  EXPECT_FALSE(ledger.fail(rows[3], RowStatus::missing, "no such\nfile"));
  EXPECT_FALSE(ledger.settle(rows[0], true));
  EXPECT_FALSE(ledger.settle(rows[2]));
  EXPECT_TRUE(ledger.holds());
  const auto block = ledger.fail(rows[1], RowStatus::unreadable, "i/o");
  ASSERT_TRUE(block);
  EXPECT_EQ(block->copied, 1);
  EXPECT_EQ(block->status, (std::vector{RowStatus::done, RowStatus::unreadable, RowStatus::done, RowStatus::missing}));
  ASSERT_EQ(block->failures.size(), 2U);
  EXPECT_EQ(block->failures[0].row, 201);
  EXPECT_EQ(block->failures[1].row, 203);
  EXPECT_EQ(block->failures[1].path, "2/3");
  EXPECT_EQ(block->failures[1].message, "no such\\nfile");  // one line
  EXPECT_EQ(ledger.unsettled(), 0);
}

TEST(Ledger, ReadingStaysWithinTheLimits) {
  Ledger ledger({3, 100}, 1);
  ledger.submit(task_of(0, 9));
  const BlockRow first = ledger.begin_reading();
  const BlockRow second = ledger.begin_reading();
  ledger.end_reading(first, bytes(10));
  EXPECT_TRUE(ledger.can_read());  // one ahead, one being read
  const BlockRow third = ledger.begin_reading();
  EXPECT_FALSE(ledger.can_read());  // three pictures
  static_cast<void>(ledger.settle(third));
  EXPECT_TRUE(ledger.can_read());
  ledger.end_reading(second, bytes(90));
  EXPECT_FALSE(ledger.can_read());  // 100 bytes
  EXPECT_TRUE(ledger.holds());
  static_cast<void>(ledger.begin_decoding());
  EXPECT_EQ(ledger.bytes_ahead(), 90U);
  EXPECT_TRUE(ledger.can_read());
}

TEST(Ledger, DropsBlocksThatNobodyHasBegun) {
  Ledger ledger(roomy, 1);
  for (int b = 0; b < 3; ++b) ledger.submit(task_of(b, 2));
  ledger.end_reading(ledger.begin_reading(), bytes(5));  // 0/0
  const Picture begun = ledger.begin_decoding();
  const BlockRow kept = ledger.begin_reading();          // 0/1
  ledger.end_reading(ledger.begin_reading(), bytes(7));  // 1/0
  const BlockRow orphan = ledger.begin_reading();        // 1/1
  ledger.drop_unbegun();
  EXPECT_TRUE(ledger.holds());
  EXPECT_EQ(ledger.in_flight(), 1);
  EXPECT_EQ(ledger.unsettled(), 2);  // those of block 0
  EXPECT_EQ(ledger.bytes_ahead(), 0U);
  EXPECT_FALSE(ledger.can_read());
  EXPECT_FALSE(ledger.can_decode());
  EXPECT_EQ(counts(ledger), (std::vector<std::int64_t>{0, 2, 0, 1, 0}));
  EXPECT_EQ(ledger.before_batches(), 3);  // the orphan is still being read

  ledger.end_reading(orphan, bytes(9));
  EXPECT_FALSE(ledger.can_decode());
  EXPECT_EQ(ledger.before_batches(), 2);
  EXPECT_TRUE(ledger.holds());
  ledger.end_reading(kept, bytes(9));
  EXPECT_TRUE(ledger.can_decode());
  EXPECT_TRUE(ledger.holds());
  EXPECT_FALSE(ledger.settle(kept));
  EXPECT_EQ(ledger.settle(begun.row)->index, 0);
}

TEST(Ledger, ADroppedRowThatIsSettledOrFailsSaysNothing) {
  Ledger ledger(roomy, 1);
  ledger.submit(task_of(0, 2));
  const BlockRow known = ledger.begin_reading();
  const BlockRow broken = ledger.begin_reading();
  ledger.drop_unbegun();
  EXPECT_EQ(ledger.in_flight(), 0);
  EXPECT_FALSE(ledger.settle(known, true));
  EXPECT_TRUE(ledger.holds());
  EXPECT_FALSE(ledger.fail(broken, RowStatus::corrupt, "broken"));
  EXPECT_TRUE(ledger.holds());
  EXPECT_EQ(counts(ledger), std::vector<std::int64_t>(5, 0));
}

/// Any order of steps that threads may take.
TEST(Ledger, TheInvariantHoldsWhateverComes) {
  for (unsigned seed = 0; seed < 20; ++seed) {
    std::mt19937 random(seed);
    Ledger ledger({6, 300}, 1);
    std::vector<BlockRow> reading, decoding, batched;
    const auto pick = [&](std::vector<BlockRow>& rows) {
      std::swap(rows[random() % rows.size()], rows.back());
      BlockRow row = rows.back();
      rows.pop_back();
      return row;
    };
    std::int64_t submitted = 0, finished = 0;
    const auto finish = [&](const std::optional<BlockResult>& block) {
      if (!block) return;
      ++finished;
      ledger.hand_over();
    };
    for (int step = 0; step < 2000; ++step) {
      const unsigned what = random() % 9;
      if (what == 0 && ledger.in_flight() < 6) ledger.submit(task_of(submitted++, 1 + static_cast<int>(random() % 7)));
      if (what <= 2 && ledger.can_read()) reading.push_back(ledger.begin_reading());
      if (what == 3 && !reading.empty()) ledger.end_reading(pick(reading), bytes(random() % 100));
      if (what == 4 && ledger.can_decode()) decoding.push_back(ledger.begin_decoding().row);
      if (what == 5 && !decoding.empty()) {
        batched.push_back(pick(decoding));
        ledger.end_decoding(batched.back());
      }
      if (what == 6 && !batched.empty()) finish(ledger.settle(pick(batched)));
      auto& anywhere = random() % 2 == 0 ? reading : decoding;
      if (what == 7 && !anywhere.empty()) finish(ledger.fail(pick(anywhere), RowStatus::corrupt, "broken"));
      if (what == 8 && random() % 50 == 0) ledger.drop_unbegun();
      ASSERT_TRUE(ledger.holds()) << "seed " << seed << ", step " << step;
    }
    EXPECT_GT(finished, 20);
  }
}

}  // namespace
}  // namespace pool3::extraction
