#include "setup/root_work.hpp"

#include <chrono>
#include <optional>
#include <string>

namespace pool3::jobs {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::chrono::seconds between_words{5};
constexpr const char* at_work = "at work";
constexpr const char* done = "done";

void wait_for_root(const Communicator& comm) {
  std::string word;
  do comm.broadcast(word);
  while (word != done);
}

}  // namespace

void root_works(const Communicator& comm, const std::function<void(const std::function<void()>& alive)>& work) {
  std::optional<Error> failure;
  if (comm.is_root()) {
    Clock::time_point last = Clock::now();
    const auto say = [&](std::string word) { comm.broadcast(word); };
    try {
      work([&] {
        if (comm.size() == 1 || Clock::now() - last < between_words) return;
        last = Clock::now();
        say(at_work);
      });
    } catch (const Error& error) {
      failure = error;
    }
    say(done);
  } else {
    wait_for_root(comm);
  }
  comm.root_does([&] {
    if (failure) throw Error(*failure);
  });
}

}  // namespace pool3::jobs
