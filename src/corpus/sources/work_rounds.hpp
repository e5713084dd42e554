#pragma once
// Work that the root hands out to all ranks. Private to the room.

#include <functional>
#include <string>
#include <vector>

#include "pool3/mpi.hpp"

namespace pool3::corpus {

/// What happens in a round; strings travel between the ranks.
struct Rounds {
  std::function<std::vector<std::string>()> next;        ///< root: a part for each rank, or none to end
  std::function<std::string(const std::string&)> work;   ///< every rank: part to answer. May throw Error
  std::function<void(std::vector<std::string>&&)> take;  ///< root: the answers, by rank. May throw Error
};

/// Runs rounds until the root has no more parts. Collective. Throws a collective Error.
void run_rounds(const Communicator& comm, const Rounds& rounds);

}  // namespace pool3::corpus
