#pragma once
// Points over all rows on each node, without a kernel matrix: linear, and RBF over landmarks. Ranks take folds.

#include "selection/grid_points.hpp"

namespace pool3::selection {

/// Collective; throws a collective Error.
[[nodiscard]] std::unique_ptr<PointSolver> solve_by_folds(const Communicator& comm, const Load& load,
                                                          const SearchOptions& options);

}  // namespace pool3::selection
