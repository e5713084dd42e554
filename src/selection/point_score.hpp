#pragma once
// A point's score from held-out rows. Private to the room.

#include <cstdint>
#include <span>
#include <vector>

#include "pool3/partition.hpp"
#include "pool3/selection.hpp"

namespace pool3::selection {

/// C ascending, each once.
[[nodiscard]] std::vector<double> sorted_grid(std::vector<double> grid);

/// Each C, ascending, with the linear kernel if that is wanted, then with the RBF kernel of each gamma.
[[nodiscard]] std::vector<SearchPoint> grid_of(const SearchOptions& options, const std::vector<double>& gammas);

/// Rows of each fold.
[[nodiscard]] std::vector<std::int64_t> count_rows(std::span<const std::int32_t> fold_of_row, int folds);

/// Held-out scores [rows, classes] of some rows, with their labels and folds. Between all ranks, each row once that is
/// in a fold, and those that train in each (of folds outside [0, folds)) at least once: they say which classes are
/// seen.
struct HeldOutRows {
  std::vector<float> scores;
  std::vector<std::int32_t> labels, folds;
};
/// Fills in a point's accuracies and scores from what each rank has. Rows of folds outside [0, folds) don't count.
void score_point(const Communicator& comm, const HeldOutRows& rows, std::int32_t classes, const SearchOptions& options,
                 SearchPoint& point);

/// The same of a `solver` that holds all rows on every rank: each rank scores its share. `rows` has labels and folds.
template <typename Solver, typename AllRows>
void score_own_share(const Communicator& comm, const Solver& solver, const AllRows& rows, const SearchOptions& options,
                     SearchPoint& point) {
  const RowRange mine = even_share(rows.rows(), comm.size(), comm.rank());
  const auto part = [&](std::span<const std::int32_t> of_rows) {
    const auto some = of_rows.subspan(index(mine.begin), index(mine.size()));
    return std::vector<std::int32_t>(some.begin(), some.end());
  };
  score_point(comm, {solver.held_out_scores(mine), part(rows.labels()), part(rows.folds())}, rows.classes(), options,
              point);
}

}  // namespace pool3::selection
