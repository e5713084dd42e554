#pragma once
// What is around each picture: its nearest neighbours, and its near copies.

#include <vector>

#include "audit/clusters.hpp"
#include "audit/nearest_rows.hpp"
#include "pool3/audit.hpp"

namespace pool3::audit {

/// Neighbours that say how alone a row is.
inline constexpr std::int64_t outlier_neighbours = 10;

struct Surroundings {
  std::vector<Row> rows;  ///< one of each content, rising; what follows is of these
  std::vector<std::int64_t>
      place;          ///< [rows of the file] in `rows`, of the row's content; -1 of rows that are not done
  double limit = 0;   ///< cosine distance of near copies
  Clusters clusters;  ///< [rows]
  std::vector<double> mean_distance;  ///< [rows] to the outlier_neighbours nearest, or to as many as there are
};
/// Every rank gets the same. Collective; throws a collective Error.
[[nodiscard]] Surroundings look_around(const Communicator& comm, const FeatureReader& reader,
                                       const NearCopyOptions& options, const ShowRows& show);

}  // namespace pool3::audit
