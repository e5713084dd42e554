#pragma once
// The first step of making a feature file. Blocks of rows follow, and then its seal (seal_features.hpp).

#include "pool3/features.hpp"
#include "store/hdf5/hdf5.hpp"

namespace pool3::store {

/// Root only: creates a file with every table written, rows pending, and closes it.
void create_features(const Place& place, const FeatureSpec& spec);

}  // namespace pool3::store
