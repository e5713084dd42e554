#pragma once
// The features of some rows of a file, a panel at a time.

#include <functional>
#include <vector>

#include "map/matrix.hpp"
#include "pool3/store/features.hpp"

namespace pool3::map {

/// Rows that are done, rising.
[[nodiscard]] std::vector<Row> done_rows(const FeatureReader& reader);

/// Rows [first, first + count) of the wanted ones, and their features.
struct Panel {
  std::int64_t first = 0, count = 0;
  const float* x = nullptr;  ///< [count, width]
};
/// Calls `use` with panels of about a thousand of `rows` (rising), which depend on the file and on `rows` alone. Blocks
/// without one are not read. Throws Error.
void for_each_panel(const FeatureReader& reader, const std::vector<Row>& rows,
                    const std::function<void(const Panel&)>& use);

/// The features of `rows` (rising): [rows, width].
[[nodiscard]] Matrix features_of(const FeatureReader& reader, const std::vector<Row>& rows);

}  // namespace pool3::map
