#include "setup/process.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <string>
#include <vector>

namespace pool3::jobs {
namespace {

using Milliseconds = std::chrono::milliseconds;

constexpr Turns turns{.for_first_rank = Milliseconds(300), .for_end = Milliseconds(60'000)};

/// Ranks that are children of this process, and a pipe into which each writes its number when it speaks.
class Ranks {
 public:
  Ranks() { EXPECT_EQ(pipe(ends_.data()), 0); }
  Ranks(const Ranks&) = delete;
  Ranks& operator=(const Ranks&) = delete;
  ~Ranks() {
    end_all();
    close(ends_[0]);
    close(ends_[1]);
  }

  void start(int rank, const std::string& job) {
    const pid_t child = fork();
    if (child != 0) return children_.push_back(child);
    setenv("OMPI_COMM_WORLD_RANK", std::to_string(rank).c_str(), 1);
    setenv("PMIX_NAMESPACE", fmt::format("test-{}-{}", getppid(), job).c_str(), 1);
    take_turn_to_speak(turns);
    take_turn_to_speak(turns);  // who has the turn keeps it
    const char number = static_cast<char>('0' + rank);
    static_cast<void>(!write(ends_[1], &number, 1));
    while (true) pause();
  }

  /// The next rank that speaks; ' ' if none does.
  [[nodiscard]] char next(Milliseconds limit) const {
    pollfd in{.fd = ends_[0], .events = POLLIN, .revents = 0};
    char rank = ' ';
    const bool has_come = poll(&in, 1, static_cast<int>(limit.count())) == 1;
    return has_come && read(ends_[0], &rank, 1) == 1 ? rank : ' ';
  }

  void end_all() {
    for (const pid_t child : children_) kill(child, SIGKILL);
    for (const pid_t child : children_) waitpid(child, nullptr, 0);
    children_.clear();
  }

 private:
  std::array<int, 2> ends_{-1, -1};
  std::vector<pid_t> children_;
};

TEST(TakeTurnToSpeak, OneRankOfANodeDoes) {
  Ranks ranks;
  for (int rank = 1; rank < 6; ++rank) ranks.start(rank, "a");
  EXPECT_NE(ranks.next(Milliseconds(30'000)), ' ');
  EXPECT_EQ(ranks.next(Milliseconds(1000)), ' ');
  ranks.start(1, "b");
  EXPECT_EQ(ranks.next(Milliseconds(30'000)), '1') << "another job waits for nobody";
  ranks.end_all();
  ranks.start(2, "a");
  EXPECT_EQ(ranks.next(Milliseconds(30'000)), '2') << "the turn ends with the process";
}

TEST(TakeTurnToSpeak, IsTheFirstRanksIfItAsks) {
  Ranks ranks;
  ranks.start(0, "a");
  EXPECT_EQ(ranks.next(Milliseconds(30'000)), '0');
  for (int rank = 1; rank < 4; ++rank) ranks.start(rank, "a");
  EXPECT_EQ(ranks.next(Milliseconds(1000)), ' ');
}

}  // namespace
}  // namespace pool3::jobs
