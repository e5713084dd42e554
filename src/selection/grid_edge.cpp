#include "selection/grid_edge.hpp"

#include <algorithm>
#include <vector>

namespace pool3 {
namespace {

constexpr double least_C = 1e-12, most_C = 1e12;  // as train takes them

/// Of the kernel and gamma of the best point, ascending.
std::vector<double> values_of_C(const SearchResult& result) {
  const SearchPoint& best = result.points[result.best];
  std::vector<double> values;
  for (const SearchPoint& p : result.points)
    if (p.kernel == best.kernel && p.gamma == best.gamma) values.push_back(p.C);
  std::ranges::sort(values);
  return values;
}

}  // namespace

GridEdge edge_of_best(const SearchResult& result) {
  const std::vector<double> values = values_of_C(result);
  const double C = result.points[result.best].C;
  if (C == values.back()) return GridEdge::largest;  // also of a single one
  return C == values.front() ? GridEdge::smallest : GridEdge::none;
}

std::optional<SearchPoint> selection::point_beyond(const SearchResult& result) {
  const GridEdge edge = edge_of_best(result);
  if (edge == GridEdge::none) return std::nullopt;
  const std::vector<double> values = values_of_C(result);
  const std::size_t n = values.size();
  double step = 10;
  if (n > 1) step = edge == GridEdge::largest ? values[n - 1] / values[n - 2] : values[1] / values[0];
  const SearchPoint& best = result.points[result.best];
  const double C = edge == GridEdge::largest ? best.C * step : best.C / step;
  if (!(C >= least_C && C <= most_C)) return std::nullopt;
  return SearchPoint{.kernel = best.kernel, .gamma = best.gamma, .C = C};
}

}  // namespace pool3
