#pragma once
// The first of the three steps of making a feature file. Private to the room.

#include "pool3/files.hpp"
#include "pool3/store/features.hpp"

namespace pool3::store {

/// Root only: creates a file with every table written, rows pending, and closes it. Then ranks write rows, and
/// seal_features() ends it.
void create_features(const Place& place, const FeatureSpec& spec);

}  // namespace pool3::store
