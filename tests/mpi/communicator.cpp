#include <gtest/gtest.h>
#include <sys/resource.h>

#include <chrono>
#include <new>
#include <numeric>
#include <thread>

#include "pool3/mpi.hpp"
#include "pool3/mpi/gather.hpp"
#include "pool3/mpi/shared_memory.hpp"
#include "pool3/mpi/task_pool.hpp"
#include "pool3/mpi/traffic.hpp"
#include "support/error_of.hpp"

namespace pool3 {
namespace {

TEST(Communicator, SumsOverRanks) {
  const Communicator comm = Communicator::world();
  std::vector<double> values = {1.0, static_cast<double>(comm.rank())};
  comm.sum(std::span<double>(values));
  EXPECT_EQ(values[0], comm.size());
  EXPECT_EQ(values[1], comm.size() * (comm.size() - 1) / 2);
  EXPECT_EQ(comm.max(static_cast<double>(comm.rank())), comm.size() - 1);
  EXPECT_EQ(comm.all(comm.rank() != comm.size() - 1), false);
  EXPECT_TRUE(comm.all(true));
}

TEST(Communicator, BroadcastsAndGathersBytesWithNul) {
  const Communicator comm = Communicator::world();
  std::string text = comm.is_root() ? std::string("a\0b", 3) : "something else";
  comm.broadcast(text);
  EXPECT_EQ(text, std::string("a\0b", 3));
  const auto all = comm.gather(std::string(static_cast<std::size_t>(comm.rank()), 'x'));
  EXPECT_EQ(all.size(), comm.is_root() ? static_cast<std::size_t>(comm.size()) : 0);
  for (std::size_t i = 0; i < all.size(); ++i) EXPECT_EQ(all[i], std::string(i, 'x'));
}

TEST(Communicator, ScattersBytes) {
  const Communicator comm = Communicator::world();
  std::vector<std::string> parts;
  for (int i = 0; comm.is_root() && i < comm.size(); ++i) parts.push_back(std::string("a\0", 2) + std::to_string(i));
  EXPECT_EQ(comm.scatter(parts), std::string("a\0", 2) + std::to_string(comm.rank()));
}

/// What rank `from` has for rank `to`: nothing for some, with NULs, different for each.
std::string message(int from, int to) {
  return std::string(static_cast<std::size_t>((from * 7 + to * 3) % 5 * 1000), '\0') +
         (to == from + 1 ? "" : std::to_string(from) + ">" + std::to_string(to));
}

TEST(Communicator, ExchangesBytes) {
  const Communicator comm = Communicator::world();
  std::vector<std::string> parts;
  parts.reserve(static_cast<std::size_t>(comm.size()));
  for (int to = 0; to < comm.size(); ++to) parts.push_back(message(comm.rank(), to));
  for (int round = 0; round < 3; ++round) {
    const auto came = comm.exchange(parts);
    ASSERT_EQ(came.size(), static_cast<std::size_t>(comm.size()));
    for (int from = 0; from < comm.size(); ++from)
      EXPECT_EQ(came[static_cast<std::size_t>(from)], message(from, comm.rank()));
  }
}

TEST(Gather, PartsFollowOneAnotherInOrderOfRanks) {
  const Communicator comm = Communicator::world();
  const std::vector<std::int64_t> mine(static_cast<std::size_t>(comm.rank() + 1), comm.rank());  // 0, 11, 222 ...
  const std::vector<std::int64_t> begins = part_begins(comm, std::ssize(mine));
  ASSERT_EQ(std::ssize(begins), comm.size() + 1);
  for (int r = 0; r <= comm.size(); ++r) EXPECT_EQ(begins[static_cast<std::size_t>(r)], r * (r + 1) / 2);
  EXPECT_EQ(sum_before(comm, std::ssize(mine)), begins[static_cast<std::size_t>(comm.rank())]);
  const std::vector<std::int64_t> all = gather_items(comm, mine);
  ASSERT_EQ(std::ssize(all), comm.rank() == 0 ? begins.back() : 0);
  for (std::int64_t i = 0; i < std::ssize(all); ++i)
    EXPECT_TRUE(begins[static_cast<std::size_t>(all[static_cast<std::size_t>(i)])] <= i &&
                i < begins[static_cast<std::size_t>(all[static_cast<std::size_t>(i)] + 1)]);
}

TEST(Communicator, ExchangesMoreThanOneCallCanSend) {
  const Communicator comm = Communicator::world();
  if (comm.size() != 2) return;  // once is enough
  const std::size_t bytes = (std::size_t{1} << 28U) + 5;
  std::vector<std::string> parts(2);
  if (comm.is_root()) parts[1].assign(bytes, 'x'), parts[1].back() = 'y';
  const auto came = comm.exchange(parts);
  EXPECT_EQ(came[0].size(), comm.is_root() ? 0 : bytes);
  EXPECT_TRUE(came[1].empty());
  EXPECT_EQ(came[0].substr(came[0].size() - std::min<std::size_t>(2, came[0].size())), comm.is_root() ? "" : "xy");
}

TEST(Communicator, EveryRankThrowsWhatOneThrew) {
  const Communicator comm = Communicator::world();
  const int bad = comm.size() - 1;
  const test::Caught error = test::error_of([&] {
    comm.all_do([&] {
      if (comm.rank() == bad)
        throw Error({.stage = "stage", .path = "/p", .cause = "cause", .advice = "advice", .code = ExitCode::failed});
    });
  });
  EXPECT_TRUE(error.collective);
  EXPECT_EQ(error.path, "/p");
  EXPECT_EQ(error.rank, comm.size() > 1 ? bad : -1);
  EXPECT_NE(error.line.find("stage: /p: cause (advice)"), std::string::npos);
  EXPECT_THROW(comm.root_does([] { throw usage_error("no"); }), Error);
  comm.barrier();
}

TEST(Communicator, EveryRankSaysThatOneRanOutOfMemory) {
  const Communicator comm = Communicator::world();
  const test::Caught error = test::error_of([&] {
    comm.all_do([&] {
      if (comm.rank() == comm.size() - 1) throw std::bad_alloc();
    });
  });
  EXPECT_TRUE(error.collective);
  EXPECT_EQ(error.cause, "memory ran out");
  EXPECT_NE(error.advice.find("--threads"), std::string::npos);
}

TEST(Communicator, SplitsInOrderOfRank) {
  const Communicator comm = Communicator::world();
  const Communicator half = comm.split(comm.rank() % 2);
  EXPECT_EQ(half.rank(), comm.rank() / 2);
  EXPECT_EQ(comm.split_by_node().size(), comm.size());
}

TEST(Messages, CostWhatSendingCosts) {
  const Communicator comm = Communicator::world();
  if (comm.size() == 1) return;
  const MessageCost cost = measure_messages(comm);
  EXPECT_EQ(comm.max(cost.latency_seconds), -comm.max(-cost.latency_seconds)) << "the ranks agree";
  // What the last rank sends to the first, timed from outside. Other programs can make it slower.
  const std::string text(comm.rank() == comm.size() - 1 ? 64U << 20U : 0U, 'x');
  comm.barrier();
  const auto start = std::chrono::steady_clock::now();
  const auto all = comm.gather(text);
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  if (!comm.is_root()) return;
  EXPECT_EQ(all.back().size(), 64U << 20U);
  EXPECT_GT(seconds, 64e6 / cost.bytes_per_second / 5);
  EXPECT_LT(seconds, 64e6 / cost.bytes_per_second * 100 + 60);
  EXPECT_LT(cost.latency_seconds, 0.1);
}

TEST(TaskPool, EveryTaskGoesToOneRank) {
  const Communicator comm = Communicator::world();
  constexpr std::int64_t count = 101;
  TaskPool pool(comm, comm.is_root() ? count : -7);
  std::vector<std::int64_t> mine;
  pool.ask({});
  while (!pool.finished()) {
    pool.poll();
    if (const auto task = pool.take()) {
      if (*task < 0) {
        pool.leave({.stops = 1});
        continue;
      }
      mine.push_back(*task);
      pool.ask({.done = 1, .failed = 2});
    }
  }
  std::vector<std::int64_t> seen(count, 0);
  for (const auto task : mine) ++seen[static_cast<std::size_t>(task)];
  comm.sum(std::span<std::int64_t>(seen));
  EXPECT_EQ(seen, std::vector<std::int64_t>(count, 1));
  if (comm.is_root()) {
    EXPECT_EQ(pool.tally(), (TaskPool::Note{.done = count, .failed = 2 * count, .stops = comm.size()}));
  }
}

TEST(TaskPool, DoneTasksAreLeftOutAndStopEndsTheRest) {
  const Communicator comm = Communicator::world();
  std::vector<bool> done;
  if (comm.is_root()) done = {true, false, true, true, false};
  constexpr std::int64_t count = 1'000'000;
  TaskPool pool(comm, count, done);
  std::vector<std::int64_t> mine;
  std::int64_t last = 0;
  pool.ask({});
  while (!pool.finished()) {
    pool.poll();
    if (comm.is_root() && pool.tally().done >= 10) pool.stop();
    if (const auto task = pool.take()) {
      last = *task;
      if (*task < 0) {
        pool.leave({});
        continue;
      }
      mine.push_back(*task);
      pool.ask({.done = 1});
    }
  }
  EXPECT_EQ(last, TaskPool::stopped);
  std::vector<std::int64_t> seen(count, 0);
  for (const auto task : mine) ++seen[static_cast<std::size_t>(task)];
  comm.sum(std::span<std::int64_t>(seen));
  EXPECT_EQ(std::vector<std::int64_t>(seen.begin(), seen.begin() + 6), (std::vector<std::int64_t>{0, 1, 0, 0, 1, 1}));
  EXPECT_LT(std::accumulate(seen.begin(), seen.end(), std::int64_t{0}), count - 3);
}

TEST(TaskPool, ASlowRankGetsFewer) {
  const Communicator comm = Communicator::world();
  if (comm.size() == 1) GTEST_SKIP() << "needs two ranks";
  const bool slow = comm.rank() == comm.size() - 1;
  TaskPool pool(comm, 60);
  std::int64_t mine = 0;
  pool.ask({});
  while (!pool.finished()) {
    pool.poll();
    const auto task = pool.take();
    if (!task) {
      std::this_thread::yield();
      continue;
    }
    if (*task < 0) {
      pool.leave({});
      continue;
    }
    ++mine;
    std::this_thread::sleep_for(std::chrono::milliseconds(slow ? 40 : 2));
    pool.ask({});
  }
  std::vector<double> counts(static_cast<std::size_t>(comm.size()), 0);
  counts[static_cast<std::size_t>(comm.rank())] = static_cast<double>(mine);
  comm.sum(std::span<double>(counts));
  EXPECT_LT(counts.back(), counts.front());
}

/// The first rank could not make it, and the others would wait.
TEST(SharedMemory, BeyondTheLimitOfFileSizesIsRefusedOnAllRanks) {
  const Communicator comm = Communicator::world();
  const Communicator node = comm.split_by_node();
  if (node.size() == 1) GTEST_SKIP() << "a rank alone takes memory of its own";
  rlimit before{};
  ASSERT_EQ(getrlimit(RLIMIT_FSIZE, &before), 0);
  const rlimit small{std::uint64_t{8} << 20U, before.rlim_max};
  ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &small), 0);
  const std::string cause =
      test::error_of([&] { return SharedMemory(node, std::int64_t{64} << 20U).as<char>().size(); }).cause;
  EXPECT_EQ(cause, "the ranks of a node share 64 MiB of memory, and the limit of file sizes is 8 MiB");
  ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &before), 0);
}

TEST(SharedMemory, WhatARankWritesIsThereForAll) {
  const Communicator comm = Communicator::world();
  const Communicator node = comm.split_by_node();
  const SharedMemory memory(node, 1000 * std::int64_t{sizeof(double)});
  const auto values = memory.as<double>();
  ASSERT_EQ(values.size(), 1000);
  EXPECT_EQ(std::accumulate(values.begin(), values.end(), 0.0), 0);
  memory.sync();
  for (std::size_t i = static_cast<std::size_t>(node.rank()); i < 1000; i += static_cast<std::size_t>(node.size()))
    values[i] = static_cast<double>(i);
  memory.sync();
  for (std::size_t i = 0; i < 1000; ++i) ASSERT_EQ(values[i], static_cast<double>(i));
}

TEST(SharedCounter, EachNumberIsForOneRank) {
  const Communicator comm = Communicator::world();
  const Communicator node = comm.split_by_node();
  const SharedCounter counter(node);
  for (int round = 0; round < 2; ++round) {
    counter.reset();
    std::vector<std::int64_t> mine(500, 0);
    for (std::int64_t next = counter.next(); next < 500; next = counter.next()) ++mine[static_cast<std::size_t>(next)];
    node.sum(std::span<std::int64_t>(mine));
    for (const std::int64_t count : mine) ASSERT_EQ(count, 1);
  }
}

}  // namespace
}  // namespace pool3
