// The best at the edge of the grid, and points beyond.

#include "selection/grid_edge.hpp"

#include <gtest/gtest.h>

namespace pool3 {
namespace {

SearchResult result_of(std::vector<SearchPoint> points, std::size_t best) {
  SearchResult result;
  result.points = std::move(points);
  result.best = best;
  return result;
}

const std::vector<SearchPoint> grid = {{.C = 1},
                                       {.C = 10},
                                       {.C = 30},
                                       {.kernel = Kernel::rbf, .gamma = 0.5, .C = 1},
                                       {.kernel = Kernel::rbf, .gamma = 0.5, .C = 100},
                                       {.kernel = Kernel::rbf, .gamma = 2, .C = 7}};

TEST(GridEdge, IsThatOfTheBestPointsKernelAndGamma) {
  EXPECT_EQ(edge_of_best(result_of(grid, 0)), GridEdge::smallest);
  EXPECT_EQ(edge_of_best(result_of(grid, 1)), GridEdge::none);
  EXPECT_EQ(edge_of_best(result_of(grid, 2)), GridEdge::largest);
  EXPECT_EQ(edge_of_best(result_of(grid, 3)), GridEdge::smallest);
  EXPECT_EQ(edge_of_best(result_of(grid, 4)), GridEdge::largest);
}

TEST(GridEdge, ThePointBeyondIsAStepOfTheGridAway) {
  const auto beyond = [&](std::size_t best) { return selection::point_beyond(result_of(grid, best)); };
  EXPECT_DOUBLE_EQ(beyond(0)->C, 0.1);
  EXPECT_FALSE(beyond(1));
  EXPECT_DOUBLE_EQ(beyond(2)->C, 90);
  EXPECT_DOUBLE_EQ(beyond(4)->C, 10000);
  EXPECT_EQ(beyond(4)->gamma, 0.5);
  EXPECT_EQ(beyond(4)->kernel, Kernel::rbf);
  EXPECT_DOUBLE_EQ(beyond(5)->C, 70);  // a single value
  EXPECT_FALSE(selection::point_beyond(result_of({{.C = 1e11}, {.C = 1e12}}, 1)));
}

}  // namespace
}  // namespace pool3
