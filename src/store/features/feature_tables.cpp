#include "store/features/feature_tables.hpp"

#include <fmt/format.h>

#include "pool3/files.hpp"
#include "pool3/partition.hpp"
#include "store/format_names.hpp"
#include "store/hdf5/types.hpp"
#include "store/integrity/checksum.hpp"
#include "store/integrity/seal.hpp"

namespace pool3::store {
namespace {

void check_shapes(const Tables& t) {
  const auto rows = static_cast<std::uint64_t>(t.rows);
  t.features.expect(feature_type(t.type), {rows, static_cast<std::uint64_t>(t.width)});
  t.labels.expect(int32_type(), {rows});
  t.classes.expect_strings(t.classes.rows());
  t.paths.expect_strings(t.rows);
  t.keys.expect(string_type(key_width, false), {rows});
  const bool is_older = t.status.type() == older_status_type();
  t.status.expect(is_older ? older_status_type() : status_type(), {rows});
  t.checksums.expect(uint64_type(), {static_cast<std::uint64_t>(t.blocks())});
}

}  // namespace

Hdf5Type feature_type(FeatureType type) { return type == FeatureType::float16 ? float16_type() : float32_type(); }

std::int64_t Tables::blocks() const { return block_count(rows, block_rows); }

RowRange Tables::block(std::int64_t index) const { return block_range(rows, block_rows, index); }

Tables open_tables(Structure file) {
  Tables t;
  t.file = std::move(file);
  t.attributes = t.file.attributes();
  t.block_rows = attribute<std::int64_t>(t.attributes, "block_rows", t.file.place());
  t.root = attribute<std::string>(t.attributes, "root", t.file.place());
  if (t.block_rows < 1 || t.block_rows > max_block_rows) {
    throw error_at(t.file.place(), "block_rows is out of range", damaged_advice);
  }
  t.features = t.file.dataset("features");
  t.labels = t.file.dataset("labels");
  t.classes = t.file.dataset("classes");
  t.paths = t.file.dataset("paths");
  t.keys = t.file.dataset("keys");
  t.status = t.file.dataset("status");
  t.checksums = t.file.dataset("checksums");
  t.rows = t.features.rows();
  if (t.features.type() == float16_type()) t.type = FeatureType::float16;
  t.width = t.features.columns();
  if (t.width < 1 || t.width > most_features) {
    throw error_at(t.file.place(), "the number of features of a row is out of range", damaged_advice);
  }
  check_shapes(t);
  return t;
}

Tables open_finished(const Place& place) {
  if (!file_exists(place.path) && file_exists(place.path + ".partial")) {
    throw error_at(place, fmt::format("is not there yet, but {}.partial is", place.path), retry_advice);
  }
  check_seal(place, features_format, features_version);
  return open_tables(Structure(place));
}

std::vector<Extent> table_extents(const Tables& t) {
  std::vector<Extent> extents;
  for (const Dataset* table : {&t.features, &t.labels, &t.classes, &t.paths, &t.keys, &t.status, &t.checksums}) {
    if (table->bytes() > 0) extents.push_back(table->extent());
  }
  return extents;
}

std::uint64_t stored_checksum(const Tables& tables, const std::string& name) {
  return attribute<std::uint64_t>(tables.attributes, "xxh3_" + name, tables.file.place());
}

void check_table(const Tables& tables, const Dataset& table) {
  if (table_checksum(table) == stored_checksum(tables, table.name())) return;
  throw error_at(table.place(), fmt::format("{}: wrong checksum", table.name()), damaged_advice);
}

}  // namespace pool3::store
