#include <gtest/gtest.h>

#include "pool3/selection.hpp"
#include "support/mpi_environment.hpp"
#include "support/reference_svm.hpp"

namespace pool3 {
namespace {

const auto* const mpi = testing::AddGlobalTestEnvironment(new test::MpiEnvironment);

Problem load(int folds) {
  auto data = test::make_clusters(240, 10, 3, 11);
  Problem p{.rows = 240, .dim = 10, .classes = 3, .x = std::move(data.x), .labels = std::move(data.labels)};
  for (std::int32_t i = 0; i < 240; ++i) p.folds.push_back((i * 7) % folds);
  return p;
}

/// Accuracy of each fold by one separate scalar fit per fold and class.
std::vector<double> reference_accuracies(const Problem& p, int folds, double C) {
  std::vector<double> accuracies;
  for (int fold = 0; fold < folds; ++fold) {
    std::vector<std::vector<double>> w;
    for (int k = 0; k < 3; ++k) {
      std::vector<double> x;
      std::vector<int> y;
      for (std::size_t i = 0; i < p.labels.size(); ++i) {
        if (p.folds[i] == fold) continue;
        x.insert(x.end(), p.x.begin() + static_cast<std::ptrdiff_t>(i) * 10,
                 p.x.begin() + static_cast<std::ptrdiff_t>(i + 1) * 10);
        y.push_back(p.labels[i] == k ? 1 : -1);
      }
      w.push_back(test::solve_reference(x, y, 10, C, true, 1).w);
    }
    double rows = 0, hits = 0;
    for (std::size_t i = 0; i < p.labels.size(); ++i) {
      if (p.folds[i] != fold) continue;
      std::vector<double> score(3);
      for (std::size_t k = 0; k < 3; ++k) {
        score[k] = w[k][10];
        for (std::size_t j = 0; j < 10; ++j) score[k] += w[k][j] * static_cast<double>(p.x[i * 10 + j]);
      }
      rows += 1;
      hits += std::max_element(score.begin(), score.end()) - score.begin() == p.labels[i] ? 1 : 0;
    }
    accuracies.push_back(hits / rows);
  }
  return accuracies;
}

TEST(Search, FoldAccuraciesEqualSeparateFits) {
  const Communicator comm = Communicator::world();
  constexpr int folds = 4;
  SearchOptions options{.C = {1.0, 0.01}, .folds = folds, .centering = false};
  options.solver.tolerance = 1e-6;
  const SearchResult result = search_grid(
      comm, [](const Communicator&) { return load(folds); }, options);
  ASSERT_EQ(result.points.size(), 2);
  EXPECT_EQ(result.points[0].C, 0.01);  // ascending
  for (const SearchPoint& point : result.points) {
    const auto expected = reference_accuracies(load(folds), folds, point.C);
    double mean = 0;
    for (std::size_t f = 0; f < folds; ++f) {
      EXPECT_NEAR(point.fold_accuracy[f], expected[f], 1e-12);
      mean += expected[f] / folds;
    }
    EXPECT_NEAR(point.mean, mean, 1e-12);
  }
  const double other = result.points[1 - result.best].mean;
  EXPECT_GE(result.points[result.best].mean, other);
}

TEST(Search, RefusesABadGrid) {
  const Communicator comm = Communicator::world();
  const auto load_some = [](const Communicator&) { return load(3); };
  EXPECT_THROW((void)search_grid(comm, load_some, {.C = {}}), Error);
  EXPECT_THROW((void)search_grid(comm, load_some, {.C = {1, -1}}), Error);
  EXPECT_THROW((void)search_grid(comm, load_some, {.C = {1}, .folds = 1}), Error);
}

TEST(Search, AFoldWithoutRowsIsLeftOut) {
  const Communicator comm = Communicator::world();
  const SearchResult result = search_grid(comm, [](const Communicator&) { return load(3); }, {.C = {0.1}, .folds = 5});
  EXPECT_EQ(result.points[0].fold_accuracy[4], -1);
  EXPECT_EQ(result.fold_rows[4], 0);
  EXPECT_GT(result.points[0].mean, 0.5);
}

SearchPoint point_with(double C, std::vector<double> scores) { return {.C = C, .fold_scores = std::move(scores)}; }

TEST(PointsToDrop, AreClearlyWorseAndNotNextToTheBest) {
  const std::vector<SearchPoint> points = {
      point_with(0.01, {0.40, 0.42, 0.41}),  // far below in each fold
      point_with(0.1, {0.90, 0.30, 0.91}),   // below, but not surely
      point_with(1, {0.50, 0.52, 0.51}),     // far below, and next to the best
      point_with(10, {0.92, 0.90, 0.91}),   point_with(100, {0.91, 0.90, 0.92}),
      point_with(1000, {0.91, 0.89, 0.90}),  // by 0.01 each: always below
  };
  EXPECT_EQ(points_to_drop(points, 3, Scoring::accuracy), (std::vector<std::uint8_t>{1, 0, 0, 0, 0, 1}));
  EXPECT_EQ(points_to_drop(points, 0, Scoring::log_loss), (std::vector<std::uint8_t>{0, 0, 1, 1, 1, 1}))
      << "less is better";
}

}  // namespace
}  // namespace pool3
