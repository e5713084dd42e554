#include "pool3/threads.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <stdexcept>
#include <vector>

namespace pool3 {
namespace {

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

}  // namespace
}  // namespace pool3
