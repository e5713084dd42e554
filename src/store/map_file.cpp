#include "pool3/store/map_file.hpp"

#include <algorithm>
#include <cmath>

#include "pool3/files.hpp"
#include "store/format_names.hpp"
#include "store/hdf5/hdf5.hpp"
#include "store/hdf5/structure.hpp"
#include "store/hdf5/types.hpp"
#include "store/integrity/seal.hpp"
#include "store/provenance.hpp"

namespace pool3 {
namespace {

using store::Attributes;
using store::Dataset;

constexpr const char* positions_name = "map/positions";
constexpr const char* rows_name = "map/rows";

/// Calls `visit(name, member)` for every number of a map.
template <typename AnyMap, typename Visitor>
void each_number(AnyMap& map, Visitor&& visit) {
  visit("perplexity", map.perplexity);
  visit("steps", map.steps);
  visit("seed", map.seed);
  visit("laid_out", map.laid_out);
  visit("judged", map.judged);
  visit("trustworthiness", map.quality.trustworthiness);
  visit("neighbours_kept", map.quality.neighbours_kept);
  visit("pca_trustworthiness", map.pca.trustworthiness);
  visit("pca_neighbours_kept", map.pca.neighbours_kept);
}

bool is_share(double value) { return value >= 0 && value <= 1; }

bool is_position(const float* p) {
  return std::isfinite(p[0]) == std::isfinite(p[1]) && !std::isinf(p[0]) && !std::isinf(p[1]);
}

/// Throws for numbers that no map has.
void check(const CatalogueMap& map, const Place& place, const char* advice) {
  if (map.positions.size() != 2 * map.rows.size()) throw error_at(place, "positions and rows differ in size", advice);
  if (!map.rows.empty() && map.rows.front() < 0) throw error_at(place, "a row is below 0", advice);
  if (std::ranges::adjacent_find(map.rows, std::greater_equal<>()) != map.rows.end())
    throw error_at(place, "the rows do not rise", advice);
  for (std::size_t i = 0; i < map.positions.size(); i += 2)
    if (!is_position(&map.positions[i])) throw error_at(place, "a position is infinite or half missing", advice);
  const MapQuality &q = map.quality, &p = map.pca;
  for (const double share : {q.trustworthiness, q.neighbours_kept, p.trustworthiness, p.neighbours_kept})
    if (!is_share(share)) throw error_at(place, "a quality is not between 0 and 1", advice);
  if (!(map.perplexity > 0) || !std::isfinite(map.perplexity) || map.steps < 0 || map.laid_out < 0 || map.judged < 0)
    throw error_at(place, "perplexity or a count is not in order", advice);
}

Attributes describe(const CatalogueMap& map) {
  Attributes attributes;
  attributes["format"] = std::string(store::map_format);
  attributes["format_version"] = store::map_version;
  attributes["method"] = map.method;
  attributes["config"] = map.config;
  each_number(map, [&](const char* name, const auto& value) { attributes[name] = value; });
  store::put_provenance(attributes, "features_", map.features);
  return attributes;
}

void write_file(const CatalogueMap& map, const Place& place) {
  store::File file = store::File::create(place);
  file.create_group("map");
  const Dataset positions = file.create_dataset(positions_name, store::float32_type(), {map.rows.size(), 2});
  const Dataset rows = file.create_dataset(rows_name, store::int64_type(), {map.rows.size()});
  positions.write({0, positions.rows()}, std::span<const float>(map.positions));
  rows.write({0, rows.rows()}, std::span<const Row>(map.rows));
  write_attributes(file, describe(map));
  file.close();
  store::begin_seal(place, store::map_format, store::map_version);
  store::complete_seal(place, {});
}

}  // namespace

void write_map(const CatalogueMap& map, const std::string& path) {
  const Place place{"write map", path};
  check(map, place, "check the features that it was made of");
  check_output(place);
  make_whole_file(place, [&](const Place& temporary) { write_file(map, temporary); });
}

CatalogueMap read_map(const std::string& path) {
  const Place place{"read map", path};
  store::check_seal(place, store::map_format, store::map_version);
  const store::Structure file(place);
  const Attributes attributes = file.attributes();
  CatalogueMap map;
  const Dataset rows = file.dataset(rows_name), positions = file.dataset(positions_name);
  const auto count = static_cast<std::uint64_t>(rows.rows());
  rows.expect(store::int64_type(), {count});
  positions.expect(store::float32_type(), {count, 2});
  map.rows.resize(count);
  map.positions.resize(2 * count);
  rows.read({0, rows.rows()}, std::span(map.rows));
  positions.read({0, positions.rows()}, std::span(map.positions));
  map.method = store::attribute<std::string>(attributes, "method", place);
  map.config = store::take_config(attributes, "config", place);
  each_number(map, [&](const char* name, auto& value) {
    value = store::attribute<std::decay_t<decltype(value)>>(attributes, name, place);
  });
  map.features = store::take_provenance(attributes, "features_", place);
  check(map, place, store::damaged_advice);
  return map;
}

}  // namespace pool3
