#pragma once
// Points with the columns shared out. Private to the room.

#include "selection/grid_points.hpp"

namespace pool3::selection {

/// Columns over kernel matrices. Collective.
[[nodiscard]] std::unique_ptr<PointSolver> solve_by_columns(const Communicator& comm, const Load& load,
                                                            const SearchOptions& options);

}  // namespace pool3::selection
