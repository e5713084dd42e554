#pragma once
// The sample that says which points can't win. Private to the room.

#include "selection/grid_points.hpp"

namespace pool3::selection {

/// The rows that a hash of their origin takes: about a quarter, the same ones for any number of ranks.
[[nodiscard]] Problem sample(Problem problem);

/// False if the sample would have less than 20 rows for each fold, or less than two classes. Collective.
[[nodiscard]] bool is_worth_halving(const Communicator& comm, const Load& load, const SearchOptions& options);

}  // namespace pool3::selection
