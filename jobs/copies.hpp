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

/// Over all rows of a finished file, the same for any number of ranks. Each rank reads the keys of its share of the
/// rows, in steps of `rows_of_step`, and tells each picture's owner of them, so a rank holds its share of the pictures:
/// 32 to 64 bytes for each that differs. Collective.
[[nodiscard]] CopyCount count_copies(const Communicator& comm, const std::string& path,
                                     std::int64_t rows_of_step = 1 << 16);

}  // namespace pool3::jobs
