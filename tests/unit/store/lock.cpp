// One job at a time, also where locks are taken and given back all the time.

#include "store/integrity/lock.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <filesystem>
#include <thread>
#include <vector>

#include "pool3/error.hpp"
#include "support/temporary_folder.hpp"

namespace pool3::store {
namespace {

/// A lock file is removed by its owner. Who has opened it before that, and locks it behind that, holds nothing: the
/// next one makes a new file.
TEST(Lock, NeverHasTwoOwners) {
  const test::TemporaryFolder folder;
  const Place target{"write features", folder / "f.h5"};
  std::atomic<int> owners = 0, taken = 0, most = 0;
  const auto work = [&] {
    for (int i = 0; i < 4000; ++i) {
      try {
        const JobLock lock(target);
        if (const int now = ++owners; now > most) most = now;
        ++taken;
        std::this_thread::yield();
        --owners;
      } catch (const Error&) {  // another one's
      }
    }
  };
  std::vector<std::thread> threads;
  threads.reserve(4);
  for (int i = 0; i < 4; ++i) threads.emplace_back(work);
  for (std::thread& thread : threads) thread.join();
  EXPECT_GT(taken, 0);
  EXPECT_EQ(most, 1);
  EXPECT_FALSE(std::filesystem::exists(folder / "f.h5.lock"));
}

}  // namespace
}  // namespace pool3::store
