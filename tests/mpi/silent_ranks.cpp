// Ranks that wait: what it costs, and who is named.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <ctime>
#include <string>
#include <thread>
#include <vector>

#include "pool3/mpi.hpp"
#include "pool3/mpi/task_pool.hpp"

namespace pool3 {
namespace {

using std::chrono::milliseconds;
using testing::AllOf;
using testing::HasSubstr;

double cpu_seconds() {
  timespec time{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) + 1e-9 * static_cast<double>(time.tv_nsec);
}

/// Stops this process, until a child that it makes has it go on. Sleeping would do for the others, but not for the
/// kernel, which says what became of a process.
void stop_for(milliseconds time) {
  const pid_t parent = getpid();
  const pid_t child = fork();
  if (child == 0) {
    std::this_thread::sleep_for(time);
    ::kill(parent, SIGCONT);
    ::_exit(0);
  }
  ::raise(SIGSTOP);
  ::waitpid(child, nullptr, 0);
}

/// What this rank said while it was alive.
class Silence : public testing::Test {
 protected:
  void SetUp() override {
    name_silent_ranks(0.5, [this](const std::string& line) { lines_.push_back(line); });
    comm_.barrier();
  }
  void TearDown() override {
    comm_.barrier();
    name_silent_ranks(60, {});
  }

  /// What all ranks said, on the root.
  std::vector<std::string> lines_of_all() {
    std::string mine;
    for (const std::string& line : lines_) mine += line + '\n';
    std::string all;
    for (const std::string& text : comm_.gather(mine)) all += text;
    std::vector<std::string> lines;
    for (std::size_t end = 0; (end = all.find('\n')) != std::string::npos; all.erase(0, end + 1))
      lines.push_back(all.substr(0, end));
    return lines;
  }

  /// One line names the rank, and one says that it is back; on a busy machine, two at most do so.
  void expect_named(int rank, const std::string& what) {
    const std::vector<std::string> lines = lines_of_all();
    if (!comm_.is_root()) return;
    const std::string name = "rank " + std::to_string(rank) + " ";
    std::size_t naming = 0, back = 0;
    for (const std::string& line : lines) {
      EXPECT_THAT(line, HasSubstr(name));
      if (line.find("is heard of again") != std::string::npos) ++back;
      if (line.find(what) == std::string::npos) continue;
      ++naming;
      EXPECT_THAT(line, AllOf(HasSubstr("it is stopped"), HasSubstr("process ")));
    }
    EXPECT_THAT(naming, AllOf(testing::Ge(1U), testing::Le(2U))) << testing::PrintToString(lines);
    EXPECT_EQ(lines.size(), 2 * back) << testing::PrintToString(lines);
    EXPECT_LE(back, 2U);
  }

  Communicator comm_ = Communicator::world();
  std::vector<std::string> lines_;
};

TEST_F(Silence, WaitingTakesNoCore) {
  if (comm_.size() == 1) GTEST_SKIP() << "needs two ranks";
  const double before = cpu_seconds();
  if (comm_.is_root()) std::this_thread::sleep_for(milliseconds(400));
  EXPECT_EQ(comm_.sum(std::int64_t{1}), comm_.size());
  // It wakes a thousand times a second, for a few microseconds. A rank that spins takes 0.4.
  EXPECT_LT(cpu_seconds() - before, 0.1);
}

TEST_F(Silence, AStoppedRankIsNamedByOneOfThoseThatWait) {
  if (comm_.size() == 1) GTEST_SKIP() << "needs two ranks";
  for (const int stopped : {comm_.size() - 1, 0}) {
    lines_.clear();
    comm_.barrier();
    if (comm_.rank() == stopped) stop_for(milliseconds(1500));
    comm_.barrier();
    expect_named(stopped, "has not answered for");
  }
}

TEST_F(Silence, RanksThatWaitForOtherReasonsAreNotNamed) {
  if (comm_.size() < 4) GTEST_SKIP() << "needs four ranks";
  // The first two wait for rank 3 in a group of their own, rank 2 waits for all.
  const Communicator part = comm_.split(comm_.rank() == 2 ? 1 : 0);
  if (comm_.rank() == 3) stop_for(milliseconds(1800));
  part.barrier();
  comm_.barrier();
  expect_named(3, "has not answered");
}

TEST_F(Silence, SlowRanksAreNotNamedBeforeTheirTime) {
  if (comm_.is_root()) std::this_thread::sleep_for(milliseconds(300));
  comm_.barrier();
  EXPECT_EQ(lines_of_all().size(), 0U);
}

TEST_F(Silence, TheTaskPoolNamesARankThatDoesNotAsk) {
  if (comm_.size() == 1) GTEST_SKIP() << "needs two ranks";
  for (const int stopped : {comm_.size() - 1, 0}) {
    lines_.clear();
    comm_.barrier();
    TaskPool pool(comm_, 8);
    if (comm_.rank() == stopped) stop_for(milliseconds(1500));
    pool.ask({});
    while (!pool.finished()) {
      pool.poll();
      std::this_thread::sleep_for(milliseconds(2));
      const auto task = pool.take();
      if (!task) continue;
      if (*task >= 0)
        pool.ask({});
      else
        pool.leave({});
    }
    comm_.barrier();
    expect_named(stopped, stopped == 0 ? "has not answered" : "has not asked for work");
  }
}

}  // namespace
}  // namespace pool3
