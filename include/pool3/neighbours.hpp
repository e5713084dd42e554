#pragma once
// The nearest rows of features. Exact: float products only say which rows may be among the nearest; the distances of
// these are computed in double, in one order of sums. So an answer depends neither on how rows come in blocks, nor on
// the number of threads and ranks, nor on the kind of CPU.

#include <cstdint>
#include <functional>
#include <limits>
#include <memory>
#include <span>
#include <vector>

#include "pool3/mpi.hpp"
#include "pool3/types.hpp"

namespace pool3 {

/// cosine: 1 - cos, from 0 to 2; 1 to and from a row of zeros. euclidean: |x - y|.
enum class Metric : std::uint8_t { cosine, euclidean };

/// A row and how far it is. The nearer is less; of equals, the first row.
struct Neighbour {
  double distance = std::numeric_limits<double>::infinity();
  Row row = -1;
  auto operator<=>(const Neighbour&) const = default;
};

/// Rows in memory [count, width], row-major: floats, or float16 numbers as their bits. All finite.
struct RowsView {
  std::int64_t width = 0;
  std::span<const float> floats = {};
  std::span<const std::uint16_t> halves = {};  ///< where there are no floats
  [[nodiscard]] std::int64_t count() const {
    return width == 0 ? 0 : static_cast<std::int64_t>(floats.size() + halves.size()) / width;
  }
  /// Some of them. REQUIRES: they are there.
  [[nodiscard]] RowsView part(RowRange rows) const;
};

/// Rows in memory that are owned.
struct RowBuffer {
  std::int64_t width = 0;
  std::vector<float> floats;
  std::vector<std::uint16_t> halves;
  [[nodiscard]] RowsView view() const { return {.width = width, .floats = floats, .halves = halves}; }
};

/// The nearest rows of each query.
struct NeighbourTable {
  std::int64_t top = 0;            ///< entries of a query
  std::vector<Neighbour> entries;  ///< [queries, top], the nearest first; row -1 where there are no more
  [[nodiscard]] std::int64_t queries() const { return top == 0 ? 0 : static_cast<std::int64_t>(entries.size()) / top; }
  /// Those of one query.
  [[nodiscard]] std::span<const Neighbour> of(std::int64_t query) const;
};

/// What is asked for.
struct NearestOptions {
  std::int64_t top = 12;  ///< neighbours of each query, 1 or more
  Metric metric = Metric::cosine;
  int threads = 1;
};

/// Searches rows that come in blocks, once, for many queries: a file may be larger than memory. Move-only.
class Search {
 public:
  /// `queries`: [n, width], all finite; a copy is kept.
  Search(std::span<const float> queries, std::int64_t width, const NearestOptions& options);
  Search(Search&&) noexcept;
  Search& operator=(Search&&) noexcept;
  ~Search();

  /// Looks at rows `first`, first + 1, ... Not to be called by two threads at once.
  void add(const RowsView& rows, Row first);
  /// The same for rows of these numbers, [rows.count()]; a row with a negative number is left out.
  void add(const RowsView& rows, std::span<const Row> numbers);
  /// The nearest of all rows so far.
  [[nodiscard]] NeighbourTable results() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

/// The nearest of `rows` to each of `queries`, [n, rows.width]. Not collective.
[[nodiscard]] NeighbourTable nearest(const RowsView& rows, std::span<const float> queries,
                                     const NearestOptions& options);

/// The nearest of `rows` to each of them, without itself. Takes memory for the answer and some tiles, never for all
/// pairs. Not collective.
[[nodiscard]] NeighbourTable nearest_of_all(const RowsView& rows, const NearestOptions& options);
/// The same, with the work shared out to ranks that all have the rows in reach. Every rank gets the whole table.
/// Collective.
[[nodiscard]] NeighbourTable nearest_of_all(const Communicator& comm, const RowsView& rows,
                                            const NearestOptions& options);

/// Rows that lie elsewhere, as in a file that is larger than memory.
struct RowsElsewhere {
  std::int64_t row_bytes = 1;    ///< about what a row takes in memory
  std::vector<RowRange> pieces;  ///< all rows, one piece after the other from row 0
  std::vector<Row> numbers;      ///< [rows] 0, 1, 2, ... of those that count; negative of the others
  /// Reads pieces [first, last), in another thread. May throw.
  std::function<RowBuffer(std::int64_t first, std::int64_t last)> read;
};
struct AllOptions {
  NearestOptions nearest;
  std::int64_t chunk_bytes = std::int64_t{1} << 28;   ///< of rows in memory; there are three chunks of them at once
  std::int64_t most_entries = std::int64_t{1} << 25;  ///< of a table; for more, the rows are read again
};
/// Calls `use(first, table)` for the rows that count, by number, in one table or a few: the nearest of them to each of
/// the rows `first`, `first` + 1, ..., itself among them. Every pair of rows is multiplied once, or twice if they are
/// of two tables. Ranks share the pairs; each reads all rows. Every rank gets all tables. `show` says how many rows'
/// worth of pairs this rank has done. Collective; throws a collective Error.
void nearest_of_all(const Communicator& comm, const RowsElsewhere& rows, const AllOptions& options,
                    const std::function<void(std::int64_t first, const NeighbourTable&)>& use,
                    const std::function<void(std::int64_t done, std::int64_t total)>& show = {});

/// The nearest of all ranks' tables for the same queries, each of rows of its own. Every rank gets the whole table.
/// Collective.
[[nodiscard]] NeighbourTable merge(const Communicator& comm, const NeighbourTable& mine);

}  // namespace pool3
