#pragma once
// The last step of making a feature file.

#include <vector>

#include "pool3/features.hpp"
#include "store/hdf5/hdf5.hpp"

namespace pool3::store {

/// Root only, after all blocks are written and the file is closed: adds the failures and the checksums, and marks the
/// file complete. Throws Error if a row is still pending.
void seal_features(const Place& place, std::vector<Failure> failures);

}  // namespace pool3::store
