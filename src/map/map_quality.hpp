#pragma once
// How far a plane tells the truth about features.

#include <vector>

#include "map/matrix.hpp"
#include "map/plane.hpp"
#include "pool3/store/features.hpp"
#include "pool3/store/map_file.hpp"

namespace pool3::map {

/// Of some planes of the same rows of a file, by the nearest neighbours of the rows `judged` (indices into `rows`):
/// trustworthiness as Venna and Kaski (2001), and the share of neighbours that are kept. 10 neighbours, or fewer where
/// there are less than 21 rows. Reads the features twice. REQUIRES: 5 rows or more.
[[nodiscard]] std::vector<MapQuality> qualities(const FeatureReader& reader, const std::vector<Row>& rows,
                                                const std::vector<std::int64_t>& judged,
                                                const std::vector<const Plane*>& planes, int threads, const Show& show);

}  // namespace pool3::map
