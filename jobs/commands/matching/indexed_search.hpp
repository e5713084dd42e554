#pragma once
// Searches a feature file by its index: of most rows a few bytes are looked at, and the answers are the same.

#include <span>
#include <string>

#include "command.hpp"
#include "commands/matching/catalogue_rows.hpp"
#include "commands/matching/row_source.hpp"
#include "pool3/neighbours.hpp"
#include "pool3/store/index_file.hpp"

namespace pool3::jobs {

/// So many questions or less are asked by an index; more of them are answered sooner by reading the whole file.
inline constexpr std::int64_t most_indexed_queries = 16;

/// Reads the index of these features. Makes it, if the file is not there or is an index of other features; throws Error
/// if it is anything else. Collective; every rank gets it.
[[nodiscard]] NeighbourIndex open_index(const Context& context, const RowSource& source, const std::string& path,
                                        int threads);

/// What search_file() finds, for queries [n, width of the file]. REQUIRES: the source gives features, not margins.
/// Ranks share the queries. Collective; throws a collective Error.
[[nodiscard]] NeighbourTable search_index(const Communicator& comm, const RowSource& source, const CatalogueRows& rows,
                                          const NeighbourIndex& found, std::span<const float> queries,
                                          const NearestOptions& options);

}  // namespace pool3::jobs
