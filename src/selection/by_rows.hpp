#pragma once
// Points with the rows shared out. Private to the room.

#include "selection/grid_points.hpp"

namespace pool3::selection {

/// Rows shared out in groups of ranks: the linear kernel. Collective.
[[nodiscard]] std::unique_ptr<PointSolver> solve_by_rows(const Communicator& comm, const Load& load,
                                                         const SearchOptions& options);

}  // namespace pool3::selection
