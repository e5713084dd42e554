#pragma once
// Clusters around representatives, and what is far from all.

#include <cstdint>
#include <vector>

#include "pool3/neighbours.hpp"

namespace pool3::audit {

/// Who is near whom: for each row, rows and their distances.
using NearRows = std::vector<std::vector<Neighbour>>;

struct Clusters {
  std::vector<std::int64_t> representative;  ///< [rows] itself, if it is alone
  std::vector<double> distance;              ///< [rows] to it
};
/// Rows with the most near ones become representatives first, of equals the first row, and take those near them that
/// nobody has taken. So each member is near its representative, however the others lie. `near` need not be symmetric:
/// rows are near each other if one has the other.
[[nodiscard]] Clusters cluster(NearRows near);

/// The middle of the values, the lower of two. REQUIRES: some.
[[nodiscard]] double median(std::vector<double> values);
/// Q3 + reach x (Q3 - Q1), quartiles by linear interpolation as NumPy's percentile. REQUIRES: some.
[[nodiscard]] double upper_fence(std::vector<double> values, double reach);

}  // namespace pool3::audit
