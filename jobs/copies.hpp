#pragma once
// How many pictures of a feature file are copies of others.

#include <cstdint>
#include <string>

#include "pool3/features.hpp"
#include "pool3/mpi.hpp"

namespace pool3::jobs {

/// Pictures whose files have the same bytes. Those whose files could not be read do not count.
struct CopyCount {
  std::int64_t copies = 0;    ///< rows that are equal to an earlier one
  std::int64_t pictures = 0;  ///< that occur more than once
  std::int64_t most = 0;      ///< times that one of them occurs
  Row example = -1;           ///< the first row of that one (of the first of those); -1 if there are no copies
};

/// Over all rows of a finished file, the same for any number of ranks. A rank holds the keys of its share of the
/// pictures: 24 bytes each. Collective.
[[nodiscard]] CopyCount count_copies(const Communicator& comm, const std::string& path);

}  // namespace pool3::jobs
