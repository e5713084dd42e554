#include "pool3/threads.hpp"

#include <algorithm>
#include <atomic>
#include <exception>
#include <mutex>
#include <system_error>
#include <thread>
#include <vector>

namespace pool3 {

void run_tasks(int threads, std::int64_t count, const std::function<void(std::int64_t, int)>& task) {
  std::atomic<std::int64_t> next = 0;
  std::exception_ptr failure;
  std::mutex guard;
  const auto work = [&](int worker) {
    try {
      for (std::int64_t i = next++; i < count; i = next++) task(i, worker);
    } catch (...) {
      const std::lock_guard lock(guard);
      if (!failure) failure = std::current_exception();
      next = count;
    }
  };
  {
    std::vector<std::jthread> others;
    const auto wanted = static_cast<int>(std::min<std::int64_t>(threads, count));
    others.reserve(static_cast<std::size_t>(std::max(wanted - 1, 0)));
    try {
      for (int worker = 1; worker < wanted; ++worker) others.emplace_back(work, worker);
    } catch (const std::system_error&) {  // the system gives no more threads: those that are there do the work
    }
    work(0);
  }
  if (failure) std::rethrow_exception(failure);
}

void run_tasks(int threads, std::int64_t count, const std::function<void(std::int64_t)>& task) {
  run_tasks(threads, count, [&](std::int64_t i, int /*worker*/) { task(i); });
}

void run_pieces(int threads, std::int64_t count, std::int64_t piece,
                const std::function<void(std::int64_t, std::int64_t)>& work) {
  run_tasks(threads, (count + piece - 1) / piece,
            [&](std::int64_t i) { work(i * piece, std::min(count, (i + 1) * piece)); });
}

int startable_threads(int wanted) {
  std::atomic_flag ends;
  std::vector<std::jthread> threads;
  threads.reserve(static_cast<std::size_t>(wanted));
  try {
    for (int i = 0; i < wanted; ++i) threads.emplace_back([&] { ends.wait(false); });
  } catch (const std::system_error&) {  // that is all
  }
  ends.test_and_set();
  ends.notify_all();
  return static_cast<int>(threads.size());
}

}  // namespace pool3
