#pragma once
// A map of rows as the page has it: small whole numbers, a sample of many rows.

#include <nlohmann/json.hpp>

#include "pool3/report/catalogue_page.hpp"

namespace pool3::report {

/// Where it gets large.
struct MapLimits {
  std::int64_t all_up_to = 200'000;  ///< rows, all of which are points
  std::int64_t sample = 50'000;      ///< points of a larger one, beside a picture of how dense it is
  std::int64_t density_side = 512;   ///< of that picture, pixels
};

/// {xy: base64 of uint16 pairs, rows: of int32, labels: of int32, said: of uint8, facts, total, aspect[, density]}.
/// `said` is 0 for a row that was not judged, 1 right, 2 wrong.
[[nodiscard]] nlohmann::ordered_json map_for_page(const CataloguePage& page, const MapLimits& limits = {});

}  // namespace pool3::report
