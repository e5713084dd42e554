#pragma once
// A point's score from held-out rows. Private to the room.

#include <cstdint>
#include <vector>

#include "pool3/selection.hpp"

namespace pool3::selection {

/// C ascending, each once.
[[nodiscard]] std::vector<double> sorted_grid(std::vector<double> grid);

/// Held-out scores [rows, classes] of some rows, with their labels and folds.
struct HeldOutRows {
  std::vector<float> scores;
  std::vector<std::int32_t> labels, folds;
};
/// Fills in a point's accuracies and scores from what each rank has. Rows of folds outside [0, folds) don't count.
void score_point(const Communicator& comm, const HeldOutRows& rows, std::int32_t classes, const SearchOptions& options,
                 SearchPoint& point);

}  // namespace pool3::selection
