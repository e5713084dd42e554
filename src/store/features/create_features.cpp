#include "store/features/create_features.hpp"

#include <fcntl.h>
#include <fmt/format.h>

#include <bit>

#include "pool3/files.hpp"
#include "pool3/partition.hpp"
#include "store/features/feature_tables.hpp"
#include "store/format_names.hpp"
#include "store/hdf5/dimensions.hpp"
#include "store/hdf5/hdf5.hpp"
#include "store/hdf5/strings.hpp"
#include "store/integrity/checksum.hpp"
#include "store/integrity/seal.hpp"
#include "store/provenance.hpp"
#include "store/row_pieces.hpp"

namespace pool3::store {
namespace {

void check_spec(const Place& place, const FeatureSpec& spec) {
  if (spec.rows < 0) throw error_at(place, "the number of rows is negative");
  if (spec.width < 1 || spec.width > most_features) {
    throw error_at(place, fmt::format("a row must have from 1 to {} features", most_features));
  }
  if (spec.block_rows < 1 || spec.block_rows > max_block_rows) {
    throw error_at(place, fmt::format("block_rows must be from 1 to {}", max_block_rows));
  }
  const auto alignment = static_cast<std::uint64_t>(spec.alignment);
  if (spec.alignment < 0 || spec.alignment > max_alignment || (alignment != 0 && !std::has_single_bit(alignment))) {
    throw error_at(place, fmt::format("the alignment must be 0 or a power of two up to {}", max_alignment));
  }
  if (static_cast<std::int64_t>(spec.labels.size()) != spec.rows) {
    throw error_at(place, fmt::format("{} labels for {} rows", spec.labels.size(), spec.rows));
  }
  const auto classes = static_cast<std::int64_t>(spec.classes.size());
  for (const std::int32_t label : spec.labels) {
    if (label < -1 || label >= classes) throw error_at(place, fmt::format("label {} has no class", label));
  }
}

CellShape path_shape(const FeatureSpec& spec) {
  CellShape shape;
  for (Row row = 0; row < spec.rows; ++row) shape.see(spec.path(row));
  return shape;
}

std::int64_t expected_bytes(const FeatureSpec& spec, const CellShape& paths) {
  const auto fixed = spec.width * element_bytes(spec.type) + 4 + static_cast<std::int64_t>(key_width) + 1;
  return spec.rows * (fixed + static_cast<std::int64_t>(paths.width())) + block_count(spec.rows, spec.block_rows) * 8;
}

std::uint64_t write_paths(const Dataset& table, const FeatureSpec& spec, std::size_t width) {
  TableWriter writer(table);
  std::string cells;
  for_each_piece({0, spec.rows}, table.row_bytes(), buffer_bytes, [&](RowRange piece) {
    cells.clear();
    for (Row row = piece.begin; row < piece.end; ++row) append_cell(cells, spec.path(row), width);
    writer.append(std::as_bytes(std::span(cells)));
  });
  return writer.checksum();
}

/// Rows are pending until their block is written.
void write_pending(const Dataset& status) {
  TableWriter writer(status);
  std::vector<std::byte> zeros;
  for_each_piece({0, status.rows()}, 1, buffer_bytes, [&](RowRange piece) {
    zeros.resize(static_cast<std::size_t>(piece.size()));
    writer.append(zeros);
  });
}

/// Creates all datasets; returns the attributes that seal those that are final.
Attributes write_tables(const File& file, const FeatureSpec& spec, const CellShape& path_cells) {
  const auto rows = static_cast<std::uint64_t>(spec.rows);
  const auto blocks = static_cast<std::uint64_t>(block_count(spec.rows, spec.block_rows));
  const CellShape class_cells = shape_of(spec.classes);
  Attributes seals;
  const Dataset labels = file.create_dataset("labels", int32_type(), {rows});
  TableWriter label_writer(labels);
  label_writer.append(std::as_bytes(spec.labels));
  seals["xxh3_labels"] = label_writer.checksum();
  const Dataset classes = file.create_dataset("classes", class_cells.type(), {spec.classes.size()});
  TableWriter class_writer(classes);
  const std::string class_names = pack(spec.classes, class_cells);
  class_writer.append(std::as_bytes(std::span(class_names)));
  seals["xxh3_classes"] = class_writer.checksum();
  const Dataset paths = file.create_dataset("paths", path_cells.type(), {rows});
  seals["xxh3_paths"] = write_paths(paths, spec, path_cells.width());
  static_cast<void>(file.create_dataset("keys", string_type(key_width, false), {rows}));
  write_pending(file.create_dataset("status", status_type(), {rows}));
  static_cast<void>(file.create_dataset("checksums", uint64_type(), {blocks}));
  static_cast<void>(
      file.create_dataset("features", feature_type(spec.type), {rows, static_cast<std::uint64_t>(spec.width)}));
  name_dimensions(file);
  return seals;
}

/// Every attribute exists from the start, so that sealing only replaces values.
Attributes describe(const FeatureSpec& spec) {
  Attributes attributes;
  attributes["format"] = std::string(features_format);
  attributes["format_version"] = features_version;
  attributes["complete"] = std::int64_t{0};
  attributes["block_rows"] = spec.block_rows;
  attributes["root"] = spec.root;
  attributes["part"] = spec.part;
  attributes["parts"] = spec.parts;
  put_provenance(attributes, "", spec.provenance);
  for (const char* table : sealed_tables) attributes[std::string("xxh3_") + table] = std::uint64_t{0};
  return attributes;
}

}  // namespace

void create_features(const Place& place, const FeatureSpec& spec) {
  check_spec(place, spec);
  const CellShape paths = path_shape(spec);
  check_space(place, expected_bytes(spec, paths));
  remove_file(place);
  // HDF5 empties the file that it finds, so the file keeps its stripes, and no link is followed.
  if (spec.stripes.count > 0 || spec.stripes.bytes > 0)
    create_striped(place.path, spec.stripes);
  else
    static_cast<void>(Descriptor(place, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW));
  File file = File::create(place, spec.alignment);
  Attributes attributes = describe(spec);
  for (auto& [name, seal] : write_tables(file, spec, paths)) attributes[name] = seal;
  write_attributes(file, attributes);
  file.close();
  Descriptor(place, O_RDWR).reserve();
  sync_file(place);
  begin_seal(place, features_format, features_version);  // from here on the file counts
  sync_file(place);
}

}  // namespace pool3::store
