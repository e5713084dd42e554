#include "pool3/store/index_file.hpp"

#include <algorithm>
#include <array>

#include "pool3/files.hpp"
#include "store/features/linked_parts.hpp"
#include "store/format_names.hpp"
#include "store/hdf5/hdf5.hpp"
#include "store/hdf5/structure.hpp"
#include "store/hdf5/types.hpp"
#include "store/integrity/checksum.hpp"
#include "store/integrity/seal.hpp"
#include "store/provenance.hpp"

namespace pool3 {
namespace {

using store::Attributes;
using store::Dataset;
using store::Dims;

/// Calls `visit(name, member, type, dims)` for every table of an index; `rows` of the feature file.
template <typename AnyIndex, typename Visitor>
void each_table(AnyIndex& index, std::uint64_t rows, Visitor&& visit) {
  auto& basis = index.basis;
  auto& sketches = index.sketches;
  const auto width = static_cast<std::uint64_t>(basis.width), components = static_cast<std::uint64_t>(basis.components);
  visit("mean", basis.mean, store::float64_type(), Dims{width});
  visit("directions", basis.directions, store::float64_type(), Dims{components, width});
  visit("steps", basis.steps, store::float32_type(), Dims{components});
  visit("codes", sketches.codes, store::int8_type(), Dims{rows, components});
  visit("lost", sketches.lost, store::float32_type(), Dims{rows});
  visit("rest", sketches.rest, store::float32_type(), Dims{rows});
  visit("lengths", sketches.lengths, store::float64_type(), Dims{rows});
}

std::string table_name(const char* name) { return std::string("index/") + name; }

Attributes describe(const NeighbourIndex& index) {
  Attributes attributes;
  attributes["format"] = std::string(store::index_format);
  attributes["format_version"] = store::index_version;
  attributes["rows"] = index.sketches.rows();
  attributes["width"] = index.basis.width;
  attributes["components"] = index.basis.components;
  attributes["features_checksum"] = index.features_checksum;
  attributes["config"] = index.config;
  store::put_provenance(attributes, "features_", index.features);
  return attributes;
}

void write_file(const NeighbourIndex& index, const Place& place) {
  store::File file = store::File::create(place);
  file.create_group("index");
  each_table(index, static_cast<std::uint64_t>(index.sketches.rows()),
             [&]<typename T>(const char* name, const std::vector<T>& values, const Hdf5Type& type, const Dims& dims) {
               const Dataset table = file.create_dataset(table_name(name), type, dims);
               table.write({0, table.rows()}, std::span<const T>(values));
             });
  write_attributes(file, describe(index));
  file.close();
  store::begin_seal(place, store::index_format, store::index_version);
  store::complete_seal(place, {});
}

/// True if all are there and between these; false for what is no number.
template <typename T>
bool all_within(const std::vector<T>& values, T least, T most) {
  return std::ranges::all_of(values, [&](T value) { return value >= least && value <= most; });
}

/// Throws for what no index holds. Rows have length 1 there, and so has each direction: with numbers beyond that,
/// distances would be none.
void check(const NeighbourIndex& index, const Place& place) {
  constexpr double one = 1.001, longest_row = 1e42;  // of as many floats as a row may have
  constexpr float farthest = 4;
  const Sketches& s = index.sketches;
  if (all_within(index.basis.mean, -one, one) && all_within(index.basis.directions, -one, one) &&
      all_within(index.basis.steps, 0.0F, 1.0F) && all_within(s.lost, 0.0F, farthest) &&
      all_within(s.rest, 0.0F, farthest) && all_within(s.lengths, 0.0, longest_row))
    return;
  throw error_at(place, "a number is none that an index has", store::damaged_advice);
}

}  // namespace

std::uint64_t content_checksum(const std::string& features_path) {
  store::Checksum all;
  for (const store::Part& part : store::open_parts({"read features", features_path})) {
    const std::array<std::uint64_t, 1> own = {store::seal_checksum(part.tables.file.place())};
    all.add(std::as_bytes(std::span(own)));
  }
  return all.value();
}

void write_index(const NeighbourIndex& index, const std::string& path) {
  const Place place{"write index", path};
  check_output(place);
  make_whole_file(place, [&](const Place& temporary) { write_file(index, temporary); });
}

NeighbourIndex read_index(const std::string& path) {
  const Place place{"read index", path};
  store::check_seal(place, store::index_format, store::index_version);
  const store::Structure file(place);
  const Attributes attributes = file.attributes();
  const auto number = [&](const char* name) { return store::attribute<std::int64_t>(attributes, name, place); };
  NeighbourIndex index;
  index.basis.width = number("width");
  index.basis.components = number("components");
  const std::int64_t rows = number("rows");
  if (index.basis.width < 1 || index.basis.width > most_features || index.basis.components < 0 || rows < 0)
    throw error_at(place, "its sizes are not in order", store::damaged_advice);
  index.features_checksum = store::attribute<std::uint64_t>(attributes, "features_checksum", place);
  index.config = store::attribute<std::string>(attributes, "config", place);
  index.features = store::take_provenance(attributes, "features_", place);
  each_table(index, static_cast<std::uint64_t>(rows),
             [&]<typename T>(const char* name, std::vector<T>& values, const Hdf5Type& type, const Dims& dims) {
               const Dataset table = file.dataset(table_name(name));
               table.expect(type, dims);
               values.resize(static_cast<std::size_t>(table.rows() * table.columns()));
               table.read({0, table.rows()}, std::span(values));
             });
  check(index, place);
  return index;
}

}  // namespace pool3
