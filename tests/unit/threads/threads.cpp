#include "pool3/threads.hpp"

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <fstream>
#include <mutex>
#include <new>
#include <set>
#include <stdexcept>
#include <vector>

namespace pool3 {
namespace {

TEST(Pieces, CoverAllNumbersOnce) {
  for (const std::int64_t count : {0, 1, 6, 7, 8}) {
    std::vector<std::atomic<int>> calls(static_cast<std::size_t>(count));
    run_pieces(3, count, 3, [&](std::int64_t begin, std::int64_t end) {
      EXPECT_EQ(begin % 3, 0);
      EXPECT_TRUE(end == count || end == begin + 3);
      for (std::int64_t i = begin; i < end; ++i) ++calls[static_cast<std::size_t>(i)];
    });
    EXPECT_TRUE(std::all_of(calls.begin(), calls.end(), [](const auto& n) { return n == 1; })) << count;
  }
}

TEST(Tasks, AreDoneOnceEachByAsManyThreadsAsThereAreTasks) {
  for (const int threads : {1, 3, 20}) {
    std::vector<std::atomic<int>> calls(10);
    std::vector<std::atomic<int>> of_worker(20);
    run_tasks(threads, 10, [&](std::int64_t task, int worker) {
      ++calls[static_cast<std::size_t>(task)];
      ++of_worker.at(static_cast<std::size_t>(worker));
    });
    EXPECT_TRUE(std::all_of(calls.begin(), calls.end(), [](const auto& n) { return n == 1; })) << threads;
    const auto idle = of_worker.begin() + std::min(threads, 10);
    EXPECT_TRUE(std::all_of(idle, of_worker.end(), [](const auto& n) { return n == 0; })) << threads;
  }
}

TEST(Tasks, NoneIsNone) {
  run_tasks(4, 0, [](std::int64_t) { FAIL() << "there is no task"; });
}

TEST(Tasks, TheFirstExceptionEndsThem) {
  std::atomic<int> calls = 0;
  const auto work = [&](std::int64_t task) {
    ++calls;
    if (task == 3) throw std::runtime_error("three");
  };
  EXPECT_THROW(run_tasks(1, 1000, work), std::runtime_error);
  EXPECT_EQ(calls, 4);
  EXPECT_THROW(run_tasks(4, 1000, work), std::runtime_error);
}

/// Leaves this process so much more memory than it has.
void limit_memory(std::size_t more_bytes) {
  std::ifstream file("/proc/self/statm");
  std::size_t pages = 0;
  file >> pages;
  const rlim_t bytes = pages * static_cast<std::size_t>(sysconf(_SC_PAGESIZE)) + more_bytes;
  const rlimit limit{bytes, bytes};
  if (setrlimit(RLIMIT_AS, &limit) != 0) _exit(99);
}

bool is_refused(void (*take)(int)) {
  try {
    take(1);
    return false;
  } catch (const std::bad_alloc&) {
    return true;
  }
}

// Sanitizers have memory of their own that such a limit would hit.
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
TEST(Shortage, ProductsWithoutMemoryAreRefusedAndDoNotWaitForIt) {
  const auto work = [] {
    alarm(20);
    limit_memory(std::size_t{64} << 20U);
    _exit(is_refused(take_single_products) && is_refused(share_products) ? 0 : 1);
  };
  EXPECT_EXIT(work(), testing::ExitedWithCode(0), "");
}

TEST(Shortage, TellsHowManyThreadsThereAre) {
  EXPECT_EQ(startable_threads(3), 3);
  const auto work = [] {
    alarm(20);
    limit_memory(std::size_t{20} << 20U);  // two stacks
    const int there = startable_threads(50);
    _exit(there > 0 && there < 10 ? 0 : 1);
  };
  EXPECT_EXIT(work(), testing::ExitedWithCode(0), "");
}

TEST(Shortage, ThreadsThatAreThereDoTheTasksOfThoseThatAreNot) {
  const auto work = [] {
    alarm(20);
    limit_memory(std::size_t{20} << 20U);  // two stacks
    std::atomic<int> calls = 0;
    std::set<int> workers;
    std::mutex guard;
    run_tasks(50, 1000, [&](std::int64_t, int worker) {
      ++calls;
      const std::lock_guard lock(guard);
      workers.insert(worker);
    });
    _exit(calls == 1000 && workers.size() < 10 ? 0 : 1);
  };
  EXPECT_EXIT(work(), testing::ExitedWithCode(0), "");
}
#endif

}  // namespace
}  // namespace pool3
