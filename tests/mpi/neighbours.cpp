// Ranks that share the work, or the rows, find what one finds alone.

#include <gtest/gtest.h>

#include "pool3/mpi.hpp"
#include "support/naive_neighbours.hpp"

namespace pool3 {
namespace {

constexpr std::int64_t count = 1400, width = 70;

TEST(Neighbours, OfAllAreTheSameOnEveryNumberOfRanks) {
  const Communicator comm = Communicator::world();
  const auto rows = test::clustered_rows(count, width, 1);
  const RowsView view{.width = width, .floats = rows};
  for (const Metric metric : {Metric::cosine, Metric::euclidean}) {
    const NearestOptions options{.top = 7, .metric = metric};
    EXPECT_EQ(nearest_of_all(comm, view, options).entries, nearest_of_all(view, options).entries);
  }
}

/// Some of `count` rows, in pieces of 16.
RowsElsewhere some_rows(const RowsView& view, std::vector<Row>& counting) {
  RowsElsewhere rows{.row_bytes = 4 * width, .pieces = {}, .numbers = {}, .read = {}};
  for (Row begin = 0; begin < count; begin += 16) rows.pieces.push_back({begin, std::min<Row>(begin + 16, count)});
  for (Row row = 0; row < count; ++row) {
    const bool counts = row % 7 != 3 && (row < 500 || row > 700);
    rows.numbers.push_back(counts ? std::ssize(counting) : -1);
    if (counts) counting.push_back(row);
  }
  rows.read = [view, pieces = rows.pieces](std::int64_t first, std::int64_t last) {
    const auto part =
        view.part({pieces[static_cast<std::size_t>(first)].begin, pieces[static_cast<std::size_t>(last - 1)].end})
            .floats;
    return RowBuffer{.width = width, .floats = {part.begin(), part.end()}, .halves = {}};
  };
  return rows;
}

TEST(Neighbours, OfAllRowsElsewhereAreThoseOfASearchWhateverFitsIntoMemory) {
  const Communicator comm = Communicator::world();
  const auto floats = test::clustered_rows(count, width, 1);
  std::vector<Row> counting;
  const RowsElsewhere rows = some_rows({.width = width, .floats = floats}, counting);
  std::vector<float> queries;
  for (const Row row : counting)
    queries.insert(queries.end(), floats.begin() + row * width, floats.begin() + (row + 1) * width);
  for (const Metric metric : {Metric::cosine, Metric::euclidean}) {
    const NearestOptions options{.top = 7, .metric = metric};
    const auto expected = nearest({.width = width, .floats = queries}, queries, options).entries;
    struct Limits {
      std::int64_t chunk_bytes, most_entries;
    };
    for (const Limits& limits :
         {Limits{1 << 28, 1 << 25}, Limits{200 * 4 * width, 1 << 25}, Limits{100 * 4 * width, 2000}, Limits{1, 1}}) {
      std::vector<Neighbour> found;
      std::int64_t tables = 0, shown = 0;
      nearest_of_all(
          comm, rows, {options, limits.chunk_bytes, limits.most_entries},
          [&](std::int64_t first, const NeighbourTable& table) {
            EXPECT_EQ(first * options.top, std::ssize(found));
            found.insert(found.end(), table.entries.begin(), table.entries.end());
            ++tables;
          },
          [&](std::int64_t done, std::int64_t total) {
            EXPECT_TRUE(done >= shown && done <= total && total == std::ssize(counting)) << done << ' ' << shown;
            shown = done;
          });
      EXPECT_EQ(found, expected) << limits.chunk_bytes;
      EXPECT_EQ(tables > 1, limits.most_entries < 1 << 25);
    }
  }
}

TEST(Neighbours, OfBlocksOnSeveralRanksAreMerged) {
  const Communicator comm = Communicator::world();
  const auto rows = test::clustered_rows(count, width, 1), queries = test::clustered_rows(5, width, 2);
  const RowsView view{.width = width, .floats = rows};
  Search search(queries, width, {});
  for (Row begin = 16 * comm.rank(); begin < count; begin += 16 * std::int64_t{comm.size()})
    search.add(view.part({begin, std::min<Row>(begin + 16, count)}), begin);
  const NeighbourTable all = merge(comm, search.results());
  EXPECT_EQ(all.entries, nearest(view, queries, {}).entries);
  // Fewer rows than entries, and ranks without any.
  Search few(queries, width, {});
  if (comm.is_root()) few.add(view.part({0, 3}), 0);
  EXPECT_EQ(merge(comm, few.results()).of(4).size(), 3U);
}

}  // namespace
}  // namespace pool3
