#include "pool3/selection.hpp"

#include <gtest/gtest.h>

#include "support/reference_svm.hpp"

namespace pool3 {
namespace {

/// All rows shared out over the ranks of a group.
Problem load(const Communicator& group) {
  const auto data = test::make_clusters(300, 12, 3, 5);
  Problem p{.dim = 12, .classes = 3};
  for (std::int64_t i = group.rank(); i < 300; i += group.size()) {
    p.x.insert(p.x.end(), data.x.begin() + i * 12, data.x.begin() + (i + 1) * 12);
    p.labels.push_back(data.labels[static_cast<std::size_t>(i)]);
    p.folds.push_back(static_cast<std::int32_t>(i * 7 % 5));
  }
  p.rows = static_cast<std::int64_t>(p.labels.size());
  return p;
}

TEST(DistributedSearch, SameTableForAnySplitIntoGroups) {
  const Communicator comm = Communicator::world();
  const Communicator alone = comm.split(comm.rank());
  SearchOptions options{.C = {0.01, 0.3}, .folds = 5};
  options.solver.tolerance = 1e-6;
  const SearchResult expected = search_C(alone, load, options);
  for (const int groups : {0, 1, 2, 3}) {
    options.groups = groups;
    const SearchResult result = search_C(comm, load, options);
    EXPECT_LE(result.groups, comm.size());
    EXPECT_EQ(result.fold_rows, expected.fold_rows);
    EXPECT_EQ(result.best, expected.best);
    for (std::size_t p = 0; p < 2; ++p) EXPECT_EQ(result.points[p].fold_accuracy, expected.points[p].fold_accuracy);
  }
}

}  // namespace
}  // namespace pool3
