#pragma once
// An open feature file: its datasets with their types and shapes checked. Private to the room.

#include <cstdint>
#include <string>
#include <vector>

#include "pool3/store/features.hpp"
#include "store/hdf5/attributes.hpp"
#include "store/hdf5/structure.hpp"

namespace pool3::store {

/// What every rank needs to read or write rows.
struct Tables {
  Structure file;
  Attributes attributes;
  std::int64_t rows = 0;
  std::int64_t width = 0;  ///< features of a row
  std::int64_t block_rows = 0;
  std::string root;
  FeatureType type = FeatureType::float32;
  Dataset features, labels, classes, paths, keys, status, checksums;

  [[nodiscard]] std::int64_t blocks() const;
  [[nodiscard]] RowRange block(std::int64_t index) const;
};

/// The type of stored features.
[[nodiscard]] Hdf5Type feature_type(FeatureType type);

/// Opens all tables but failures. Throws Error if one is missing, or has a wrong type or shape.
[[nodiscard]] Tables open_tables(Structure file);

/// Opens a finished feature file for reading. Throws Error.
[[nodiscard]] Tables open_finished(const Place& place);
/// Like attribute(), of "xxh3_NAME".
[[nodiscard]] std::uint64_t stored_checksum(const Tables& tables, const std::string& name);

/// Throws Error unless all rows of a table fit the checksum that the file has for it.
void check_table(const Tables& tables, const Dataset& table);

/// Where the rows of all tables are, without failures.
[[nodiscard]] std::vector<Extent> table_extents(const Tables& tables);

}  // namespace pool3::store
