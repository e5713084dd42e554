#include "pool3/selection.hpp"

#include <gtest/gtest.h>

#include <algorithm>

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
    p.origin.push_back(i);
  }
  p.rows = static_cast<std::int64_t>(p.labels.size());
  return p;
}

TEST(DistributedSearch, SameTableForAnySplitIntoGroups) {
  const Communicator comm = Communicator::world();
  const Communicator alone = comm.split(comm.rank());
  SearchOptions options{.C = {0.01, 0.3}, .folds = 5};
  options.solver.tolerance = 1e-6;
  const SearchResult expected = search_grid(alone, load, options);
  for (const int groups : {0, 1, 2, 3}) {
    options.groups = groups;
    const SearchResult result = search_grid(comm, load, options);
    EXPECT_LE(result.groups, comm.size());
    EXPECT_EQ(result.fold_rows, expected.fold_rows);
    EXPECT_EQ(result.best, expected.best);
    for (std::size_t p = 0; p < 2; ++p) EXPECT_EQ(result.points[p].fold_accuracy, expected.points[p].fold_accuracy);
  }
}

/// Keeps what there is after each point.
SearchMemory keeping_in(std::vector<SearchMemory>& memories) {
  SearchMemory keeping;
  keeping.keep = [&](const SearchResult& so_far, const std::string& state) {
    memories.push_back({so_far.points, so_far.fold_rows, state, {}});
  };
  return keeping;
}

TEST(DistributedSearch, GoesOnToTheLastBit) {
  const Communicator comm = Communicator::world();
  SearchOptions options{.C = {0.01, 0.1, 1}, .folds = 5};
  options.solver.tolerance = 1e-7;
  for (const int groups : {0, 1}) {
    options.groups = groups;
    std::vector<SearchMemory> memories;
    const SearchMemory keeping = keeping_in(memories);
    const SearchResult expected = search_grid(comm, load, options, {}, keeping);
    ASSERT_EQ(memories.size(), 3);
    EXPECT_EQ(expected.remembered, 0);
    for (std::size_t done = 1; done <= 3; ++done) {
      const SearchResult result = search_grid(comm, load, options, {}, memories[done - 1]);
      EXPECT_EQ(result.remembered, done);
      EXPECT_EQ(result.best, expected.best);
      EXPECT_EQ(result.fold_rows, expected.fold_rows);
      for (std::size_t p = 0; p < 3; ++p) {
        EXPECT_EQ(result.points[p].fold_accuracy, expected.points[p].fold_accuracy);
        EXPECT_EQ(result.points[p].relative_gap, expected.points[p].relative_gap);  // to the last bit
        EXPECT_EQ(result.points[p].epochs, expected.points[p].epochs);
      }
    }
    memories[0].state.clear();  // from nothing, the next point comes out a hair elsewhere
    const SearchResult cold = search_grid(comm, load, options, {}, memories[0]);
    EXPECT_NE(cold.points[1].relative_gap, expected.points[1].relative_gap);
    EXPECT_LE(cold.points[1].relative_gap, options.solver.tolerance);
  }
}

/// From a grid far too low or too high, points are added until the best is inside, as if they had been asked for.
void expect_extension(const Communicator& comm, SearchOptions options, const std::vector<double>& start) {
  options.C = start;
  options.most_extra = 8;
  std::vector<SearchMemory> memories;
  const SearchMemory keeping = keeping_in(memories);
  const SearchResult result = search_grid(comm, load, options, {}, keeping);
  ASSERT_GT(result.points.size(), start.size());
  EXPECT_TRUE(edge_of_best(result) == GridEdge::none || result.points.size() == start.size() + 8);
  EXPECT_TRUE(std::ranges::is_sorted(result.points, {}, &SearchPoint::C));
  for (const SearchMemory& memory : memories) {  // stopped after each point
    const SearchResult again = search_grid(comm, load, options, {}, memory);
    ASSERT_EQ(again.points.size(), result.points.size());
    EXPECT_EQ(again.best, result.best);
    EXPECT_EQ(again.remembered, memory.points.size());
    for (std::size_t p = 0; p < result.points.size(); ++p) {
      EXPECT_EQ(again.points[p].C, result.points[p].C);
      EXPECT_EQ(again.points[p].fold_accuracy, result.points[p].fold_accuracy);
      EXPECT_EQ(again.points[p].relative_gap, result.points[p].relative_gap);
    }
  }
  options.C.clear();
  options.most_extra = 0;
  for (const SearchPoint& p : result.points) options.C.push_back(p.C);
  const SearchResult asked = search_grid(comm, load, options);
  EXPECT_EQ(asked.best, result.best);
  for (std::size_t p = 0; p < result.points.size(); ++p) EXPECT_NEAR(asked.points[p].mean, result.points[p].mean, 0.01);
}

TEST(DistributedSearch, GoesBeyondItsGrid) {
  const Communicator comm = Communicator::world();
  SearchOptions options{.folds = 5};
  options.solver.tolerance = 1e-5;
  for (const bool gram : {false, true}) {
    options.gram = gram;
    expect_extension(comm, options, {1e-4, 3e-4});
  }
}

TEST(DistributedSearch, TheMemoryOfOtherRowsDoesNotCount) {
  const Communicator comm = Communicator::world();
  SearchMemory memory;
  memory.points = {{.C = 0.1, .fold_accuracy = {1, 1, 1, 1, 1}, .mean = 1}};
  memory.fold_rows = {60, 60, 60, 60, 59};
  const SearchResult result = search_grid(comm, load, {.C = {0.1}, .folds = 5}, {}, memory);
  EXPECT_EQ(result.remembered, 0);
  EXPECT_GT(result.points[0].epochs, 0);
}

TEST(DistributedSearch, TheStateOfAnotherProblemIsRefused) {
  const Communicator comm = Communicator::world();
  SearchMemory memory;
  memory.fold_rows = search_grid(comm, load, {.C = {0.1}, .folds = 5}).fold_rows;
  memory.state = std::string(1000, 'x');
  EXPECT_THROW((void)search_grid(comm, load, {.C = {0.1}, .folds = 5}, {}, memory), Error);
}

/// Both kernels over kernel matrices.
SearchOptions columns_of_both(Loss loss) {
  SearchOptions options{
      .C = {10, 0.1, 1}, .gammas = {{1, Gamma::Unit::median}, {0.05, Gamma::Unit::one}}, .gram = true, .folds = 5};
  options.solver.loss = loss;
  options.solver.tolerance = 1e-5;
  return options;
}

void expect_same(const SearchResult& a, const SearchResult& b) {
  ASSERT_EQ(a.points.size(), b.points.size());
  EXPECT_EQ(a.best, b.best);
  for (std::size_t p = 0; p < a.points.size(); ++p) {
    EXPECT_EQ(a.points[p].gamma, b.points[p].gamma);
    EXPECT_EQ(a.points[p].fold_scores, b.points[p].fold_scores);
    EXPECT_EQ(a.points[p].relative_gap, b.points[p].relative_gap) << p;
    EXPECT_EQ(a.points[p].epochs, b.points[p].epochs);
  }
}

TEST(SearchOverKernelMatrices, HasTheSameTableForAnyNumberOfRanks) {
  const Communicator comm = Communicator::world();
  const Communicator alone = comm.split(comm.rank());
  for (const Loss loss : {Loss::l1, Loss::l2}) {
    const SearchOptions options = columns_of_both(loss);
    const SearchResult expected = search_grid(alone, load, options), result = search_grid(comm, load, options);
    ASSERT_EQ(result.points.size(), 9);
    expect_same(result, expected);
    for (const SearchPoint& p : result.points) EXPECT_LE(p.relative_gap, 1e-5);
  }
}

TEST(SearchOverKernelMatrices, ResumesToTheSameTable) {
  const Communicator comm = Communicator::world();
  const SearchOptions options = columns_of_both(Loss::l1);
  std::vector<SearchMemory> memories;
  const SearchMemory keeping = keeping_in(memories);
  const SearchResult expected = search_grid(comm, load, options, {}, keeping);
  for (const std::size_t done : {1, 4, 8}) {
    const SearchResult result = search_grid(comm, load, options, {}, memories[done - 1]);
    EXPECT_EQ(result.remembered, done);
    expect_same(result, expected);
  }
}

TEST(SearchOverKernelMatrices, LinearPointsAreThoseOfRowsThatAreSharedOut) {
  const Communicator comm = Communicator::world();
  SearchOptions options{.C = {0.1, 1}, .folds = 5};
  options.solver.tolerance = 1e-7;
  const SearchResult expected = search_grid(comm, load, options);
  options.gram = true;
  const SearchResult result = search_grid(comm, load, options);
  for (std::size_t p = 0; p < 2; ++p) EXPECT_EQ(result.points[p].fold_accuracy, expected.points[p].fold_accuracy);
}

/// Both kernels over landmarks.
SearchOptions folds_of_both(std::int64_t landmarks) {
  SearchOptions options{.C = {10, 0.1, 1},
                        .gammas = {{1, Gamma::Unit::median}, {0.05, Gamma::Unit::one}},
                        .landmarks = landmarks,
                        .folds = 5};
  options.solver.tolerance = 1e-5;
  return options;
}

TEST(SearchOverLandmarks, HasTheSameTableForAnyNumberOfRanks) {
  const Communicator comm = Communicator::world();
  const Communicator alone = comm.split(comm.rank());
  for (const Loss loss : {Loss::l1, Loss::l2}) {
    SearchOptions options = folds_of_both(60);
    options.solver.loss = loss;
    const SearchResult expected = search_grid(alone, load, options), result = search_grid(comm, load, options);
    ASSERT_EQ(result.points.size(), 9);
    expect_same(result, expected);
    for (const SearchPoint& p : result.points) EXPECT_LE(p.relative_gap, 1e-5);
  }
}

TEST(SearchOverLandmarks, ResumesToTheSameTableWithAndWithoutItsState) {
  const Communicator comm = Communicator::world();
  SearchOptions options = folds_of_both(60);
  std::vector<SearchMemory> memories;
  const SearchMemory keeping = keeping_in(memories);
  const SearchResult expected = search_grid(comm, load, options, {}, keeping);
  for (const std::size_t done : {1, 4, 5, 8}) {
    SearchMemory memory = memories[done - 1];
    for (const bool has_state : {true, false}) {
      if (!has_state) memory.state.clear();
      const SearchResult result = search_grid(comm, load, options, {}, memory);
      EXPECT_EQ(result.remembered, done);
      expect_same(result, expected);
    }
  }
  memories[0].state.resize(memories[0].state.size() - 1);
  EXPECT_THROW((void)search_grid(comm, load, options, {}, memories[0]), Error);
}

TEST(SearchOverLandmarks, IsTheExactOneWhereAllRowsAreLandmarks) {
  const Communicator comm = Communicator::world();
  SearchOptions options = folds_of_both(1000);
  const SearchResult result = search_grid(comm, load, options);
  options.gram = true;
  const SearchResult exact = search_grid(comm, load, options);
  ASSERT_EQ(result.points.size(), exact.points.size());
  for (std::size_t p = 0; p < exact.points.size(); ++p) {
    EXPECT_NEAR(result.points[p].gamma, exact.points[p].gamma, 1e-5 * exact.points[p].gamma);
    EXPECT_EQ(result.points[p].fold_accuracy, exact.points[p].fold_accuracy) << p;
  }
}

TEST(SearchOverLandmarks, FeaturesThatAreNotCentredAreTakenAsTheyAre) {
  const Communicator comm = Communicator::world();
  SearchOptions options = folds_of_both(1000);
  options.centering = false;
  const SearchResult result = search_grid(comm, load, options);
  options.gram = true;
  const SearchResult exact = search_grid(comm, load, options);
  for (std::size_t p = 0; p < exact.points.size(); ++p)
    EXPECT_EQ(result.points[p].fold_accuracy, exact.points[p].fold_accuracy) << p;
}

TEST(Halving, TheSameTableForAnyNumberOfRanksAndAfterAResume) {
  const Communicator comm = Communicator::world();
  const Communicator alone = comm.split(comm.rank());
  SearchOptions options = columns_of_both(Loss::l2);
  options.folds = 3;
  options.C = {1e-6, 1e-3, 1};
  options.halving = true;
  const auto in_three = [](const Communicator& group) {
    Problem p = load(group);
    for (std::size_t i = 0; i < p.folds.size(); ++i) p.folds[i] = static_cast<std::int32_t>(p.origin[i] * 7 % 3);
    return p;
  };
  std::vector<SearchMemory> memories;
  SearchMemory keeping;
  keeping.keep = [&](const SearchResult& so_far, const std::string& state) {
    keeping_in(memories).keep(so_far, state);
    std::erase_if(memories.back().points, [](const SearchPoint& p) { return p.dropped; });  // as a journal does
  };
  const SearchResult expected = search_grid(alone, in_three, options, {}, keeping),
                     result = search_grid(comm, in_three, options),
                     resumed = search_grid(comm, in_three, options, {}, memories.front());
  expect_same(result, expected);
  expect_same(resumed, expected);
  EXPECT_EQ(resumed.remembered, 1);
  EXPECT_GT(expected.sample_rows, 50);
  EXPECT_LT(expected.sample_rows, 100) << "of 300";
  EXPECT_FALSE(expected.points[expected.best].dropped);
  const auto dropped = std::ranges::count_if(expected.points, &SearchPoint::dropped);
  EXPECT_EQ(static_cast<std::size_t>(std::ssize(expected.points) - dropped), memories.size());
  options.halving = false;
  const SearchResult all = search_grid(comm, in_three, options);
  for (std::size_t p = 0; p < all.points.size(); ++p)
    EXPECT_TRUE(expected.points[p].dropped || all.points[p].fold_scores == expected.points[p].fold_scores) << p;
  EXPECT_GE(expected.points[expected.best].score, all.points[all.best].score - 0.02);
}

}  // namespace
}  // namespace pool3
