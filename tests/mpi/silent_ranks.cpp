// Ranks that wait: what it costs, and who is named.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
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

/// What the ranks say of each other.
class Silence : public testing::Test {
 protected:
  void SetUp() override { begin(0.5); }
  void TearDown() override {
    comm_.barrier();
    name_silent_ranks(60, {});
  }

  /// From here on, lines are of what follows.
  void begin(double patience_seconds) {
    comm_.barrier();
    lines_.clear();
    name_silent_ranks(patience_seconds, [this](const std::string& line) { lines_.push_back(line); });
    comm_.barrier();
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

  /// The rank is stopped for three times the patience by `scenario(milliseconds)`: one line names it, one says that it
  /// is back, and there is no other. On a busy machine a rank that is well is silent for a moment, too; so there is
  /// more and more patience. Collective.
  template <typename Scenario>
  void expect_named(int rank, const std::string& what, const Scenario& scenario) {
    std::vector<std::string> lines;
    for (const int patience : {500, 1000, 3000, 9000}) {
      begin(1e-3 * patience);
      scenario(milliseconds(3 * patience));
      lines = lines_of_all();
      const std::string name = "rank " + std::to_string(rank) + " ";
      const bool good =
          lines.size() == 2 && testing::Matches(testing::UnorderedElementsAre(
                                   AllOf(HasSubstr(name + what), HasSubstr("it is stopped"), HasSubstr("process ")),
                                   HasSubstr(name + "is heard of again")))(lines);
      if (comm_.sum(std::int64_t{comm_.is_root() && good}) == 1) return;
    }
    if (comm_.is_root()) ADD_FAILURE() << "of rank " << rank << ": " << testing::PrintToString(lines);
  }

  Communicator comm_ = Communicator::world();
  std::vector<std::string> lines_;
};

TEST_F(Silence, WaitingTakesNoCore) {
  if (comm_.size() == 1) GTEST_SKIP() << "needs two ranks";
  const double before = cpu_seconds();
  const auto begin = std::chrono::steady_clock::now();
  if (comm_.is_root()) std::this_thread::sleep_for(milliseconds(400));
  EXPECT_EQ(comm_.sum(std::int64_t{1}), comm_.size());
  // It wakes a thousand times a second, for a few microseconds. A rank that spins takes all of the time.
  const std::chrono::duration<double> waited = std::chrono::steady_clock::now() - begin;
  EXPECT_LT(cpu_seconds() - before, 0.25 * waited.count());
}

TEST_F(Silence, AStoppedRankIsNamedByOneOfThoseThatWait) {
  if (comm_.size() == 1) GTEST_SKIP() << "needs two ranks";
  for (const int stopped : {comm_.size() - 1, 0})
    expect_named(stopped, "has not answered for", [&](milliseconds time) {
      if (comm_.rank() == stopped) stop_for(time);
      comm_.barrier();
    });
}

TEST_F(Silence, RanksThatWaitForOtherReasonsAreNotNamed) {
  if (comm_.size() < 4) GTEST_SKIP() << "needs four ranks";
  // The first two wait for rank 3 in a group of their own, rank 2 waits for all.
  const Communicator part = comm_.split(comm_.rank() == 2 ? 1 : 0);
  expect_named(3, "has not answered", [&](milliseconds time) {
    if (comm_.rank() == 3) stop_for(time);
    part.barrier();
    comm_.barrier();
  });
}

TEST_F(Silence, SlowRanksAreNotNamedBeforeTheirTime) {
  begin(60);
  if (comm_.is_root()) std::this_thread::sleep_for(milliseconds(1200));
  comm_.barrier();
  EXPECT_EQ(lines_of_all().size(), 0U);
}

TEST_F(Silence, TheTaskPoolNamesARankThatDoesNotAsk) {
  if (comm_.size() == 1) GTEST_SKIP() << "needs two ranks";
  for (const int stopped : {comm_.size() - 1, 0})
    expect_named(stopped, stopped == 0 ? "has not answered" : "has not asked for work", [&](milliseconds time) {
      TaskPool pool(comm_, 8);
      if (comm_.rank() == stopped) stop_for(time);
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
    });
}

}  // namespace
}  // namespace pool3
