#include "map/exact_neighbours.hpp"

#include <algorithm>
#include <span>

#include "pool3/neighbours.hpp"

namespace pool3::map {
namespace {

constexpr std::int64_t queries_at_once = 4096;

std::span<const float> numbers_of(const Matrix& m, std::int64_t first, std::int64_t count) {
  return std::span(m.data(), index(m.size())).subspan(index(first * m.cols()), index(count * m.cols()));
}

}  // namespace

Neighbours nearest_rows(const Matrix& queries, const Matrix& rows, std::int64_t k, Queries which, int threads,
                        const Show& show) {
  const std::int64_t self = which == Queries::same ? 1 : 0;
  const RowsView view{.width = rows.cols(), .floats = numbers_of(rows, 0, rows.rows())};
  Neighbours found{.k = k};
  for (std::int64_t first = 0; first < queries.rows(); first += queries_at_once) {
    const std::int64_t count = std::min(queries_at_once, queries.rows() - first);
    const NeighbourTable table = nearest(view, numbers_of(queries, first, count),
                                         {.top = k + self, .metric = Metric::euclidean, .threads = threads});
    for (std::int64_t i = 0; i < count; ++i) {
      std::int64_t kept = 0;
      for (const Neighbour& n : table.of(i)) {
        if (kept == k || (self == 1 && n.row == first + i)) continue;
        found.rows.push_back(static_cast<std::int32_t>(n.row));
        found.squares.push_back(static_cast<float>(n.distance * n.distance));
        ++kept;
      }
    }
    if (show) show(first + count, queries.rows());
  }
  return found;
}

}  // namespace pool3::map
