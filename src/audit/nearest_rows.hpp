#pragma once
// Nearest neighbours among rows of a file, which may be larger than memory.

#include <span>
#include <vector>

#include "pool3/audit.hpp"

namespace pool3::audit {

/// The first row of each content, rising: rows that are done, one for each key.
[[nodiscard]] std::vector<Row> rows_of_keys(std::span<const RowStatus> status, std::span<const ImageKey> keys);

/// The `top` nearest of `rows` (rising) to each of them, without itself, by cosine distance; places in `rows`. Each
/// pair is multiplied once; ranks share them. Every rank gets the whole table. Collective.
[[nodiscard]] NeighbourTable nearest_of_every_row(const Communicator& comm, const FeatureReader& reader,
                                                  const std::vector<Row>& rows, std::int64_t top, int threads,
                                                  const ShowRows& show);

/// The same of some of them alone, `queries`, which are places in `rows`, too. Ranks share the queries, and each reads
/// the file once for every 256 MiB of them. Collective.
[[nodiscard]] NeighbourTable nearest_of_file(const Communicator& comm, const FeatureReader& reader,
                                             const std::vector<Row>& rows, const std::vector<std::int64_t>& queries,
                                             std::int64_t top, int threads, const ShowRows& show);

}  // namespace pool3::audit
