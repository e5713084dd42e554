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
