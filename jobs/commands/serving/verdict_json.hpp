#pragma once
// What a snapshot says of one row of features, as JSON.

#include <nlohmann/json.hpp>
#include <span>

#include "commands/serving/snapshot.hpp"

namespace pool3::jobs {

/// Classes with probabilities, the nearest pictures, and whether it is unlike them. `own`: the row of the catalogue
/// that it is, or -1. `found`: its nearest pictures, one more than `top`.
[[nodiscard]] nlohmann::ordered_json describe(const Snapshot& snapshot, std::span<const float> features,
                                              std::span<const Neighbour> found, Row own, std::int64_t top);
/// Path and label of a row.
[[nodiscard]] nlohmann::ordered_json row_json(const Snapshot& snapshot, Row row);

}  // namespace pool3::jobs
