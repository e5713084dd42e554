#include "store/features/seal_features.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "store/features/failure_table.hpp"
#include "store/features/feature_tables.hpp"
#include "store/format_names.hpp"
#include "store/hdf5/hdf5.hpp"
#include "store/integrity/checksum.hpp"
#include "store/integrity/seal.hpp"
#include "store/row_pieces.hpp"

namespace pool3::store {
namespace {

void check_nothing_pending(const Dataset& status) {
  std::vector<RowStatus> buffer;
  for_each_piece({0, status.rows()}, 1, buffer_bytes, [&](RowRange piece) {
    buffer.resize(static_cast<std::size_t>(piece.size()));
    status.read(piece, std::span(buffer));
    const auto found = std::find(buffer.begin(), buffer.end(), RowStatus::pending);
    if (found == buffer.end()) return;
    throw error_at(status.place(), fmt::format("row {} was never written", piece.begin + (found - buffer.begin())),
                   "something has changed or replaced the file while the job ran; run the same command again");
  });
}

}  // namespace

void seal_features(const Place& place, std::vector<Failure> failures) {
  if (!file_exists(place.path))
    throw error_at(place, "something has removed it while the job ran", "run the same command again");
  const Tables tables = open_tables(Structure(place));
  check_nothing_pending(tables.status);
  File file = File::open(place);
  const WrittenFailures entries = write_failures(file, std::move(failures));
  overwrite_attribute(file, "xxh3_failures", entries.checksum);
  for (const Dataset* table : {&tables.keys, &tables.status, &tables.checksums}) {
    overwrite_attribute(file, "xxh3_" + table->name(), table_checksum(*table));
  }
  overwrite_attribute(file, "complete", std::int64_t{1});
  std::vector<Extent> covered = table_extents(tables);
  if (entries.table.bytes() > 0) covered.push_back(entries.table.extent());
  file.close();
  complete_seal(place, covered);
}

}  // namespace pool3::store
