#include "corpus/sources/work_rounds.hpp"

#include <utility>

namespace pool3::corpus {

void run_rounds(const Communicator& comm, const Rounds& rounds) {
  const auto size = static_cast<std::size_t>(comm.size());
  for (;;) {
    std::vector<std::string> parts;
    comm.root_does([&] { parts = rounds.next(); });
    const bool more = comm.max(parts.empty() ? 0.0 : 1.0) > 0;
    if (!more) return;
    parts.resize(size);
    const std::string mine = comm.scatter(parts);
    std::string answer;
    comm.all_do([&] { answer = rounds.work(mine); });
    std::vector<std::string> answers = comm.gather(answer);
    comm.root_does([&] { rounds.take(std::move(answers)); });
  }
}

}  // namespace pool3::corpus
