#pragma once
// A point's score from held-out rows. Private to the room.

#include <cstdint>
#include <span>
#include <vector>

#include "pool3/selection.hpp"

namespace pool3::selection {

/// C ascending, each once.
[[nodiscard]] std::vector<double> sorted_grid(std::vector<double> grid);

/// Each C, ascending, with the linear kernel if that is wanted, then with the RBF kernel of each gamma.
[[nodiscard]] std::vector<SearchPoint> grid_of(const SearchOptions& options, const std::vector<double>& gammas);

/// Rows of each fold.
[[nodiscard]] std::vector<std::int64_t> count_rows(std::span<const std::int32_t> fold_of_row, int folds);

/// Held-out scores [rows, classes] of some rows, with their labels and folds.
struct HeldOutRows {
  std::vector<float> scores;
  std::vector<std::int32_t> labels, folds;
};
/// Fills in a point's accuracies and scores from what each rank has. Rows of folds outside [0, folds) don't count.
void score_point(const Communicator& comm, const HeldOutRows& rows, std::int32_t classes, const SearchOptions& options,
                 SearchPoint& point);

}  // namespace pool3::selection
