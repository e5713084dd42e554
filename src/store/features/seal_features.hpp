#pragma once
// The last of the three steps of making a feature file. Private to the room.

#include <vector>

#include "pool3/files.hpp"
#include "pool3/store/features.hpp"

namespace pool3::store {

/// Root only, when all blocks are written and the file is closed: adds the failures and the checksums, and marks the
/// file complete. Throws Error if a row is still pending.
void seal_features(const Place& place, std::vector<Failure> failures);

}  // namespace pool3::store
