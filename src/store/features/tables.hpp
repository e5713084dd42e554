#pragma once
// An open feature file: its datasets with their types and shapes checked, and the three steps of making one.

#include <cstdint>
#include <string>
#include <vector>

#include "pool3/features.hpp"
#include "store/hdf5/attributes.hpp"
#include "store/hdf5/hdf5.hpp"

namespace pool3::store {

/// The row phase of a file: what every rank needs to read or write rows.
struct Tables {
  File file;
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

/// HDF5's type of stored features.
[[nodiscard]] Handle feature_type(FeatureType type);

/// Opens all tables but failures. Throws Error if one is missing or not as it should be.
[[nodiscard]] Tables open_tables(File file, Attributes attributes);

/// Opens a finished feature file for reading. Throws Error.
[[nodiscard]] Tables open_finished(const Place& place);
/// Like attribute(), of "xxh3_NAME".
[[nodiscard]] std::uint64_t stored_checksum(const Tables& tables, const std::string& name);

/// Step 1, root only: creates a file with every table written, rows pending, and closes it.
void create_features(const Place& place, const FeatureSpec& spec);
/// Where the rows of all tables are, without failures.
[[nodiscard]] std::vector<Extent> table_extents(const Tables& tables);
/// Step 3, root only, after all blocks are written and the file is closed: adds the failures and the
/// checksums, and marks the file complete. Throws Error if a row is still pending.
void seal_features(const Place& place, std::vector<Failure> failures);

}  // namespace pool3::store
