#pragma once
// Choosing C: cross-validated grid search, parallel over folds.

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "pool3/svm.hpp"

namespace pool3 {

struct SearchOptions {
  std::vector<double> C;  ///< the grid; sorted ascending before use
  int folds = 10;
  int groups = 0;           ///< groups of ranks that work on folds side by side; 0: as many as ranks, folds at most
  bool centering = true;    ///< centre and scale the features first
  std::uint64_t seed = 42;  ///< of the row order
  SolverOptions solver;
};

/// One value of the grid.
struct SearchPoint {
  double C = 0;
  std::vector<double> fold_accuracy;  ///< [folds]; -1 for a fold without rows
  double mean = 0;                    ///< over folds with rows
  double deviation = 0;               ///< standard deviation over the same folds
  double relative_gap = 0;            ///< the worst of the groups
  std::int64_t epochs = 0;            ///< the most of the groups
  double seconds = 0;                 ///< the most of the groups
};

struct SearchResult {
  std::vector<SearchPoint> points;      ///< by ascending C
  std::size_t best = 0;                 ///< highest mean; the smallest C of equals
  std::vector<std::int64_t> fold_rows;  ///< [folds]
  int groups = 1;
  std::size_t remembered = 0;  ///< points that were not computed again
};

/// What the root's group is doing.
struct SearchProgress {
  double C = 0;
  std::size_t point = 0;  ///< of points
  std::size_t points = 0;
  SolverProgress solver;
};

/// What a search leaves to the one that goes on with it, on as many ranks in as many groups.
struct SearchMemory {
  std::vector<SearchPoint> points;      ///< done earlier
  std::vector<std::int64_t> fold_rows;  ///< then; if the problem has others, nothing of this counts
  std::string state;                    ///< this rank's after the last of those points, or "" on every rank
  /// Every rank calls this when a point is done, with all points so far and its own state.
  std::function<void(const SearchResult& so_far, const std::string& state)> keep;
};

/// Splits the ranks into groups; each group loads all training rows between its ranks through `load` (collective
/// over the group it is given; folds set) and solves its folds, all in one matrix. Collective; every rank gets the
/// result. Throws a collective Error for a bad grid or problem. Points that `memory` has are not computed again; with
/// its state the rest come out to the last bit as they would have.
[[nodiscard]] SearchResult search_C(const Communicator& comm, const std::function<Problem(const Communicator&)>& load,
                                    const SearchOptions& options,
                                    const std::function<void(const SearchProgress&)>& progress = {},
                                    const SearchMemory& memory = {});

}  // namespace pool3
