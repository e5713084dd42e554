#include "neighbours/nearest_so_far.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "neighbours/dot_products.hpp"
#include "neighbours/exact_distance.hpp"
#include "pool3/numbers/target_clones.hpp"

namespace pool3::neighbours {
namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();
constexpr double largest_float = std::numeric_limits<float>::max();

/// What float products can be off by. Whatever the order of its sums, a product of rows is within width * 2^-24 of
/// |a| |b|, and numbers too small for a float lose no more than that float each.
struct Doubt {
  double relative, absolute;
  explicit Doubt(std::int64_t width)
      : relative(static_cast<double>(width + 8) * 0x1p-24 * 1.01), absolute(static_cast<double>(width) * 0x1p-126) {}
};

/// Of one query: from below, the cosine distances of rows; from above, if `side` is -1. Rows that floats can't judge
/// are at -infinity (or at infinity).
POOL3_TARGET_CLONES void bound_cosine(const float* products, const float* squares, std::int64_t count,
                                      double query_square, const Doubt& doubt, double side, double* out) {
  constexpr double least = 1e-25;  // of a square that is known well
  const double relative = doubt.relative, absolute = doubt.absolute;
  const double length = std::sqrt(query_square);
  for (std::int64_t j = 0; j < count; ++j) {
    const auto s = static_cast<double>(products[j]), square = static_cast<double>(squares[j]);
    const double both = length * std::sqrt(square);
    const double value = 1 - s / both - side * (3 * relative + absolute / both);
    const bool known =
        (query_square > least) & (square > least) & (square <= largest_float) & (std::abs(s) <= largest_float);
    out[j] = known ? value : -side * infinity;
  }
}

/// The same for squares of Euclidean distances.
POOL3_TARGET_CLONES void bound_euclidean(const float* products, const float* squares, std::int64_t count,
                                         double query_square, const Doubt& doubt, double side, double* out) {
  const double length = std::sqrt(query_square), relative = doubt.relative, absolute = doubt.absolute;
  for (std::int64_t j = 0; j < count; ++j) {
    const auto s = static_cast<double>(products[j]), square = static_cast<double>(squares[j]);
    const double off = relative * (square + 2 * length * std::sqrt(square)) + 1e-14 * query_square + 4 * absolute;
    const double value = query_square + square - 2 * s - side * off;
    const bool known = (square <= largest_float) & (std::abs(s) <= largest_float);
    out[j] = known ? value : -side * infinity;
  }
}

std::vector<double> bounds(Metric metric, const Tile& tile, double query_square, double side) {
  const Doubt doubt(tile.rows.width);
  std::vector<double> out(tile.numbers.size());
  const auto bound = metric == Metric::cosine ? bound_cosine : bound_euclidean;
  bound(tile.products, tile.squares, std::ssize(tile.numbers), query_square, doubt, side, out.data());
  return out;
}

/// The `top`-th smallest bound from above of rows that count, or infinity.
double enough(Metric metric, const Tile& tile, double query_square, std::int64_t top, Row without) {
  std::vector<double> above = bounds(metric, tile, query_square, -1);
  std::size_t count = 0;
  for (std::size_t j = 0; j < above.size(); ++j)
    if (tile.numbers[j] >= 0 && tile.numbers[j] != without) above[count++] = above[j];
  if (static_cast<std::int64_t>(count) < top) return infinity;
  above.resize(count);
  const auto at = above.begin() + (top - 1);
  std::ranges::nth_element(above, at);
  return *at;
}

/// A row as floats.
const float* floats_of(const RowsView& rows, std::int64_t at, std::vector<float>& buffer) {
  if (rows.halves.empty()) return rows.floats.data() + at * rows.width;
  buffer.resize(static_cast<std::size_t>(rows.width));
  to_floats(rows.halves.data() + at * rows.width, rows.width, buffer.data());
  return buffer.data();
}

}  // namespace

NearestSoFar::NearestSoFar(std::int64_t queries, std::int64_t top, Metric metric)
    : top_(top),
      metric_(metric),
      squares_(static_cast<std::size_t>(queries), 0.0),
      heaps_(static_cast<std::size_t>(queries)) {}

NearestSoFar::NearestSoFar(const RowsView& queries, std::int64_t top, Metric metric)
    : NearestSoFar(queries.count(), top, metric) {
  set(0, queries);
}

void NearestSoFar::set(std::int64_t first, const RowsView& rows) {
  std::vector<float> buffer;
  for (std::int64_t q = 0; q < rows.count(); ++q) {
    const float* row = floats_of(rows, q, buffer);
    squares_[static_cast<std::size_t>(first + q)] = exact_dot(row, row, rows.width);
  }
}

bool NearestSoFar::is_full(std::int64_t query) const {
  return std::ssize(heaps_[static_cast<std::size_t>(query)]) >= top_;
}

/// Bounds beyond it are no use: in the terms of bounds(), and a little more than that.
double NearestSoFar::limit(std::int64_t query) const {
  if (!is_full(query)) return infinity;
  const double farthest = heaps_[static_cast<std::size_t>(query)].front().distance;
  return (metric_ == Metric::euclidean ? farthest * farthest : farthest) * (1 + 1e-12);
}

void NearestSoFar::offer(std::int64_t query, const Neighbour& neighbour) {
  auto& heap = heaps_[static_cast<std::size_t>(query)];
  if (is_full(query)) {
    if (!(neighbour < heap.front())) return;
    std::ranges::pop_heap(heap);
    heap.back() = neighbour;
  } else {
    heap.push_back(neighbour);
  }
  std::ranges::push_heap(heap);
}

void NearestSoFar::offer(std::int64_t query, const float* row, const Tile& tile, Row without) {
  const double square = squares_[static_cast<std::size_t>(query)];
  const std::vector<double> below = bounds(metric_, tile, square, 1);
  double most = limit(query);
  if (!is_full(query)) most = std::min(most, enough(metric_, tile, square, top_, without));
  std::vector<float> buffer;
  for (std::int64_t j = 0; j < std::ssize(below); ++j) {
    if (below[static_cast<std::size_t>(j)] > most) continue;
    const Row number = tile.numbers[static_cast<std::size_t>(j)];
    if (number < 0 || number == without) continue;
    const float* other = floats_of(tile.rows, j, buffer);
    offer(query, Neighbour{exact_distance(metric_, row, square, other, tile.rows.width), number});
    most = std::min(most, limit(query));
  }
}

NeighbourTable NearestSoFar::table() const {
  NeighbourTable table{.top = top_, .entries = {}};
  table.entries.resize(heaps_.size() * static_cast<std::size_t>(top_));
  auto out = table.entries.begin();
  for (const auto& heap : heaps_) {
    std::partial_sort_copy(heap.begin(), heap.end(), out, out + std::ssize(heap));
    out += top_;
  }
  return table;
}

}  // namespace pool3::neighbours
