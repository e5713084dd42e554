#include <algorithm>

#include "store/checksum.hpp"
#include "store/failures.hpp"
#include "store/layout.hpp"
#include "store/pieces.hpp"
#include "store/seal.hpp"
#include "store/tables.hpp"

namespace pool3::store {
namespace {

void check_nothing_pending(const Dataset& status) {
  std::vector<RowStatus> buffer;
  for_each_piece({0, status.rows()}, 1, buffer_bytes, [&](RowRange piece) {
    buffer.resize(static_cast<std::size_t>(piece.size()));
    status.read(piece, std::span(buffer));
    const auto found = std::find(buffer.begin(), buffer.end(), RowStatus::pending);
    if (found == buffer.end()) return;
    throw error_at(status.place(),
                   "row " + std::to_string(piece.begin + (found - buffer.begin())) + " was never written");
  });
}

/// Where the rows of all tables are: these have checksums in attributes or in the table of checksums.
std::vector<Extent> extents_of(const Tables& t) {
  std::vector<Extent> extents;
  const auto add = [&](const Dataset& table) {
    if (table.bytes() > 0) extents.push_back(table.extent());
  };
  for (const Dataset* table : {&t.features, &t.labels, &t.classes, &t.paths, &t.keys, &t.status, &t.checksums}) {
    add(*table);
  }
  add(open_failures(t.file));
  return extents;
}

}  // namespace

void seal_features(const Place& place, std::vector<Failure> failures) {
  File file = File::open(place, Mode::write);
  Attributes attributes = read_attributes(file);
  Tables tables = open_tables(std::move(file), std::move(attributes));
  check_nothing_pending(tables.status);
  overwrite_attribute(tables.file, "xxh3_failures", write_failures(tables.file, std::move(failures)));
  for (const Dataset* table : {&tables.keys, &tables.status, &tables.checksums}) {
    overwrite_attribute(tables.file, "xxh3_" + table->name(), table_checksum(*table));
  }
  overwrite_attribute(tables.file, "complete", std::int64_t{1});
  const std::vector<Extent> covered = extents_of(tables);
  tables.close();
  complete_seal(place, covered);
}

}  // namespace pool3::store
