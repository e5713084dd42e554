#pragma once
// What can't be in a model, whoever wrote it. All throw Error. Private to the room.

#include "pool3/files.hpp"
#include "pool3/store/model.hpp"

namespace pool3::store {

/// Throws unless its parts fit each other.
void check_sizes(const Model& model, const Place& place);
/// Throws for a NaN, an infinity, or a number that no training gives.
void check_numbers(const Model& model, const Place& place, const char* advice);
/// Throws unless the tables of a split fit each other.
void check_split(const SplitTable& table, const Place& place);

}  // namespace pool3::store
