#include "map/parallel.hpp"

#include <cblas.h>

#include <algorithm>
#include <atomic>
#include <exception>
#include <mutex>
#include <thread>
#include <vector>

namespace pool3::map {

void for_each_piece(int threads, std::int64_t count, const std::function<void(std::int64_t)>& work) {
  const auto helpers = std::min<std::int64_t>(threads, count) - 1;
  std::atomic<std::int64_t> next = 0;
  std::exception_ptr failure;
  std::mutex mutex;
  const auto run = [&] {
    try {
      for (std::int64_t i = next++; i < count; i = next++) work(i);
    } catch (...) {
      const std::scoped_lock lock(mutex);
      if (!failure) failure = std::current_exception();
      next = count;
    }
  };
  std::vector<std::jthread> running;
  for (std::int64_t t = 0; t < helpers; ++t) running.emplace_back(run);
  run();
  running.clear();
  if (failure) std::rethrow_exception(failure);
}

void use_one_thread_a_product() { openblas_set_num_threads(1); }

}  // namespace pool3::map
