// The threads between files and features: the right rows, full batches, nobody waits for a slow one, bounded memory.

#include <gtest/gtest.h>

#include <chrono>
#include <functional>
#include <set>
#include <thread>

#include "support/extraction_fixtures.hpp"

namespace pool3::extraction::test {
namespace {

void wait_until(const std::function<bool()>& condition) {
  for (int i = 0; i < 10'000 && !condition(); ++i) std::this_thread::sleep_for(std::chrono::milliseconds(1));
}

struct Shape {
  int threads, batch;
};
class FeedingShapes : public testing::TestWithParam<Shape> {};
INSTANTIATE_TEST_SUITE_P(Shapes, FeedingShapes,
                         testing::Values(Shape{1, 16}, Shape{2, 16}, Shape{4, 16}, Shape{3, 5}, Shape{2, 1}));

TEST_P(FeedingShapes, EachRowIsThatOfItsPicture) {
  const FormulaNetwork network;
  const Pictures pictures;
  Workers workers(network, settings_of(pictures, GetParam().batch), threads_on(GetParam().threads, Device::cpu));
  for (int b = 0; b < 5; ++b) workers.submit(block_of(b, "p", b * 7, 7));
  const auto results = finish(workers);
  ASSERT_EQ(results.size(), 5U);
  for (const auto& [index, block] : results) {
    EXPECT_TRUE(block.failures.empty());
    ASSERT_EQ(block.status, std::vector(7, RowStatus::done));
    for (std::size_t i = 0; i < 7; ++i) {
      const std::string name = "p-" + std::to_string(index * 7 + static_cast<std::int64_t>(i));
      EXPECT_EQ(row_of(block, i), Pictures::features_of(name)) << name;
      EXPECT_EQ(block.keys[i], content_key(Pictures::bytes_of(name))) << name;
    }
  }
  EXPECT_EQ(network.pictures, 35);
}

TEST(Feeding, ABadPictureIsAStatus) {
  const FormulaNetwork network;
  const Pictures pictures;
  Workers workers(network, settings_of(pictures), threads_on(2, Device::cpu));
  workers.submit({.first_row = 100, .paths = {"white", "a", "missing", "broken", "b", "unreadable"}});
  const auto results = finish(workers);
  const BlockResult& block = results.at(0);
  EXPECT_EQ(block.status, (std::vector{RowStatus::network_failed, RowStatus::done, RowStatus::missing,
                                       RowStatus::corrupt, RowStatus::done, RowStatus::unreadable}));
  std::vector<Row> rows;
  for (const Failure& failure : block.failures) {
    rows.push_back(failure.row);
    EXPECT_EQ(failure.status, block.status[static_cast<std::size_t>(failure.row - 100)]);
  }
  EXPECT_EQ(rows, (std::vector<Row>{100, 102, 103, 105}));
  EXPECT_EQ(block.failures[3].path, "unreadable");
  EXPECT_EQ(block.failures[3].message, "input/output error");
  EXPECT_EQ(row_of(block, 4), Pictures::features_of("b"));
}

TEST(Feeding, BatchesAreFullWhereManyPicturesFail) {
  const FormulaNetwork network;
  Gate gate;
  Pictures pictures;
  pictures.gate = &gate;
  pictures.slow = "missing-0";
  Workers workers(network, settings_of(pictures), {.computing = 2, .in_network = 1, .reading = 1});
  for (int b = 0; b < 6; ++b) {
    BlockTask task = block_of(b, "missing", b * 16, 12);
    for (int i = 12; i < 16; ++i) task.paths.push_back("good-" + std::to_string(b * 16 + i));
    workers.submit(std::move(task));
  }
  gate.open();
  const auto results = finish(workers);
  EXPECT_EQ(network.pictures, 24);
  EXPECT_EQ(network.calls, 2);  // 16 and 8 pictures, where blocks have 4 each
  EXPECT_EQ(row_of(results.at(5), 15), Pictures::features_of("good-95"));
}

TEST(Feeding, FewPicturesAreSharedOutToTheThreads) {
  const FormulaNetwork network;
  const Pictures pictures;
  Workers workers(network, settings_of(pictures), {.computing = 2, .in_network = 2, .reading = 1});
  workers.submit(block_of(0, "p", 0, 16));
  static_cast<void>(finish(workers));
  EXPECT_EQ(network.pictures, 16);
  EXPECT_GE(network.calls, 2);  // a batch of 16 would leave one thread idle
}

TEST(Feeding, CopiesAreComputedOnce) {
  const FormulaNetwork network;
  const Pictures pictures;
  WorkSettings settings = settings_of(pictures);
  settings.job.remember_copies = true;
  Workers workers(network, settings, threads_on(2, Device::cpu));
  workers.submit(block_of(0, "p", 0, 16));
  const auto first = finish(workers);
  workers.submit(block_of(1, "p", 0, 16));
  const auto second = finish(workers);
  EXPECT_EQ(network.pictures, 16);
  EXPECT_EQ(second.at(1).features, first.at(0).features);
  EXPECT_EQ(second.at(1).status, std::vector(16, RowStatus::done));
}

TEST(Feeding, ASlowFileHoldsUpNoOther) {
  const FormulaNetwork network;
  Gate gate;
  Pictures pictures;
  pictures.gate = &gate;
  pictures.slow = "p-0";
  Workers workers(network, settings_of(pictures), {.computing = 1, .in_network = 1, .reading = 2});
  for (int b = 0; b < 3; ++b) workers.submit(block_of(b, "p", b * 16, 16));
  const auto block = workers.take(10);
  ASSERT_TRUE(block);
  EXPECT_EQ(block->index, 1);
  gate.open();
  EXPECT_EQ(finish(workers).size(), 2U);
}

TEST(Feeding, ReadsABoundedNumberOfPicturesAhead) {
  FormulaNetwork network;
  Gate gate;
  network.gate = &gate;
  const Pictures pictures;
  Workers workers(network, settings_of(pictures), {.computing = 1, .in_network = 1, .reading = 1});
  for (int b = 0; b < 8; ++b) workers.submit(block_of(b, "p", b * 16, 16));
  wait_until([&] { return network.calls == 1 && pictures.reads >= 19; });
  std::this_thread::sleep_for(std::chrono::milliseconds(50));
  EXPECT_EQ(pictures.reads, 19);  // a batch in the network, and 3 ahead of it
  gate.open();
  EXPECT_EQ(finish(workers).size(), 8U);
}

TEST(Feeding, ReadsABoundedNumberOfBytesAhead) {
  FormulaNetwork network;
  Gate gate;
  network.gate = &gate;
  const Pictures pictures;
  Workers workers(network, settings_of(pictures), {.computing = 1, .in_network = 1, .reading = 1});
  workers.submit(block_of(0, "p", 0, 16));
  workers.submit(block_of(1, "heavy", 16, 16));
  wait_until([&] { return network.calls == 1 && pictures.reads >= 18; });
  std::this_thread::sleep_for(std::chrono::milliseconds(50));
  EXPECT_EQ(pictures.reads, 18);  // a batch in the network, and 2 of 150 MB ahead of it
  gate.open();
  EXPECT_EQ(finish(workers).size(), 2U);
}

TEST(Feeding, WantsMoreUntilThreadsHaveEnough) {
  FormulaNetwork network;
  Gate gate;
  network.gate = &gate;
  const Pictures pictures;
  Workers workers(network, settings_of(pictures), threads_on(2, Device::cpu));
  for (int b = 0; b < 4; ++b) {
    EXPECT_TRUE(workers.wants_more());
    workers.submit(block_of(b, "p", b * 16, 16));
  }
  EXPECT_FALSE(workers.wants_more());
  gate.open();
  finish(workers);
  EXPECT_TRUE(workers.wants_more());
}

TEST(Feeding, ForgetsBlocksThatNobodyHasBegun) {
  FormulaNetwork network;
  Gate gate;
  network.gate = &gate;
  const Pictures pictures;
  Workers workers(network, settings_of(pictures), {.computing = 1, .in_network = 1, .reading = 2});
  for (int b = 0; b < 4; ++b) workers.submit(block_of(b, "p", b * 10, 10));
  wait_until([&] { return network.calls == 1; });  // block 0 and six pictures of block 1
  workers.drop_waiting();
  EXPECT_EQ(workers.in_flight(), 2);
  gate.open();
  const auto results = finish(workers);
  EXPECT_TRUE(results.contains(0) && results.contains(1));
  workers.submit(block_of(9, "q", 0, 3));
  EXPECT_EQ(row_of(finish(workers).at(9), 2), Pictures::features_of("q-2"));
  EXPECT_EQ(network.pictures, 23);
}

TEST(Feeding, KeepsBlocksOnOneThreadBeforeTheyAreTaken) {
  const FormulaNetwork network;
  const Pictures pictures;
  std::set<std::thread::id> writers;
  std::atomic<int> written = 0;
  WorkSettings settings = settings_of(pictures);
  settings.job.write = [&](const BlockResult&) {
    writers.insert(std::this_thread::get_id());
    ++written;
  };
  Workers workers(network, settings, threads_on(4, Device::cpu));
  for (int b = 0; b < 6; ++b) workers.submit(block_of(b, "p", b, 1));
  for (int taken = 0; workers.in_flight() > 0;) {
    taken += workers.take(10) ? 1 : 0;
    EXPECT_GE(written, taken);
  }
  EXPECT_EQ(written, 6);
  EXPECT_EQ(writers.size(), 1U);
  EXPECT_FALSE(writers.contains(std::this_thread::get_id()));
}

TEST(Feeding, AnErrorOfAnyThreadReachesTheOwner) {
  const FormulaNetwork network;
  const Pictures pictures;
  const auto fails = [&](WorkSettings settings) {
    Workers workers(network, std::move(settings), threads_on(2, Device::cpu));
    workers.submit(block_of(0, "p", 0, 3));
    EXPECT_THROW(finish(workers), Error);
  };
  WorkSettings settings = settings_of(pictures);
  settings.job.write = [](const BlockResult&) { throw usage_error("no space"); };
  fails(settings);
  settings = settings_of(pictures);
  settings.job.read = [](std::string_view) -> std::vector<std::byte> { throw usage_error("no space"); };
  fails(settings);
}

}  // namespace
}  // namespace pool3::extraction::test
