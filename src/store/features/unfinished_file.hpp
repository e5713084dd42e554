#pragma once
// What an unfinished file has already. Its own tables are the journal: a block is done when none of its rows is
// pending, its checksum is right, and the logs know why each of its failed rows failed.

#include <cstdint>
#include <vector>

#include "store/features/feature_tables.hpp"

namespace pool3::store {

/// Root only: leaves a `partial` that fits `spec`, made now or by a job that was stopped. Throws Error if it is of a
/// job that differs (unless spec.begins_anew), or not a job's own (see open_own()): its name must be one that the next
/// job finds.
void prepare_partial(const Place& partial, const FeatureSpec& spec);

/// Opens an unfinished file for its rows.
[[nodiscard]] Tables open_unfinished(const Place& partial, Mode mode = Mode::rows);

/// On the root; empty on the others.
struct Found {
  std::vector<bool> done;   ///< for each block, whether it is done
  std::int64_t failed = 0;  ///< rows of done blocks that failed
};
/// Collective.
[[nodiscard]] Found find_done(const Communicator& comm, const Place& partial, const Tables& tables);

/// Root only: the failures table of a file whose blocks are all done.
[[nodiscard]] std::vector<Failure> collect_failures(const Place& partial, const Tables& tables);

}  // namespace pool3::store
