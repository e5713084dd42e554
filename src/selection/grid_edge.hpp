#pragma once
// Values of C beyond a grid.

#include <optional>

#include "pool3/selection.hpp"

namespace pool3::selection {

/// The point to try when the best one is at the edge of its kernel's C: as far beyond as the next value is inside, or
/// ten times. Nothing if the best is not at an edge, or there is no room.
[[nodiscard]] std::optional<SearchPoint> point_beyond(const SearchResult& result);

}  // namespace pool3::selection
