#pragma once
// Searches a whole file for the nearest pictures.

#include <functional>
#include <vector>

#include "commands/matching/catalogue_rows.hpp"
#include "commands/matching/row_source.hpp"
#include "pool3/mpi.hpp"
#include "pool3/neighbours.hpp"

namespace pool3::jobs {

/// Reads the file once, each rank its share, and finds the nearest pictures for queries [n, source.width()]. The next
/// rows are read while the last are searched. Every rank gets all. Collective; throws a collective Error.
[[nodiscard]] NeighbourTable search_file(const Communicator& comm, const RowSource& source, const CatalogueRows& rows,
                                         std::span<const float> queries, const NearestOptions& options);

/// Calls `use` with the nearest pictures of every picture that counts, itself among them; both as places in
/// rows.first_rows(). Collective; throws a collective Error.
void search_all(const Communicator& comm, const RowSource& source, const CatalogueRows& rows,
                const NearestOptions& options,
                const std::function<void(std::int64_t first, const NeighbourTable&)>& use);

/// One found picture.
struct Answer {
  Row row = 0;
  double distance = 0;
  std::vector<Row> copies;  ///< other rows of the same picture
};
/// The answers to one query out of the nearest pictures that were found, one more than `top` of them: `own`, the
/// query's row, or -1, is no answer itself, but its copies are.
[[nodiscard]] std::vector<Answer> answers_of(std::span<const Neighbour> found, const CatalogueRows& rows, Row own,
                                             std::int64_t top);

}  // namespace pool3::jobs
