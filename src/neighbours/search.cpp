#include <algorithm>
#include <cmath>
#include <mutex>
#include <numeric>

#include "neighbours/dot_products.hpp"
#include "neighbours/nearest_so_far.hpp"
#include "neighbours/tiles.hpp"
#include "pool3/threads.hpp"

namespace pool3 {
namespace {

using neighbours::NearestSoFar;
using neighbours::tile_rows;

/// Queries of one product.
constexpr std::int64_t tile_queries = 256;
/// Up to so many go over a tile a few at a time; more are a matrix product, which takes the tile as floats first.
constexpr std::int64_t passing_queries = 16;

std::int64_t tiles_of(std::int64_t count, std::int64_t tile) { return (count + tile - 1) / tile; }
RowRange part_at(std::int64_t index, std::int64_t size, std::int64_t count) {
  return {index * size, std::min((index + 1) * size, count)};
}

/// Of rows that stay in the second cache while the queries go over them.
constexpr std::int64_t bytes_at_once = 1 << 18;

/// A copy of some queries that lies to cache lines as rows do, so that where those begin, these do.
class PlacedQueries {
 public:
  static constexpr std::uintptr_t line = 64;
  /// Those from number `first` on; `offset`: bytes from a line to the rows' first number. The same until asked for
  /// others.
  const float* get(std::span<const float> queries, std::int64_t first, std::uintptr_t offset) {
    if (first_ == first && offset_ == offset) return at_;
    memory_.resize(queries.size() + 2 * line / sizeof(float));
    const std::uintptr_t past = reinterpret_cast<std::uintptr_t>(memory_.data()) % line;
    at_ = memory_.data() + (line - past + offset) / sizeof(float);
    std::ranges::copy(queries, at_);
    first_ = first;
    offset_ = offset;
    return at_;
  }

 private:
  std::vector<float> memory_;
  float* at_ = nullptr;
  std::int64_t first_ = -1;
  std::uintptr_t offset_ = 0;
};

/// What a thread keeps between tasks.
struct Workspace {
  neighbours::FloatTile tile;
  PlacedQueries placed;
  std::vector<float> products, squares;
};

}  // namespace

RowsView RowsView::part(RowRange rows) const {
  const auto begin = static_cast<std::size_t>(rows.begin * width), size = static_cast<std::size_t>(rows.size() * width);
  if (!halves.empty()) return {.width = width, .halves = halves.subspan(begin, size)};
  return {.width = width, .floats = floats.subspan(begin, size)};
}

std::span<const Neighbour> NeighbourTable::of(std::int64_t query) const {
  const auto all = std::span(entries).subspan(static_cast<std::size_t>(query * top), static_cast<std::size_t>(top));
  const auto none = std::ranges::find(all, Row{-1}, &Neighbour::row);
  return all.first(static_cast<std::size_t>(none - all.begin()));
}

struct Search::Impl {
  std::vector<float> queries;
  std::int64_t width;
  NearestSoFar best;
  int threads;
  std::vector<std::mutex> guards;  ///< one for each tile of queries
  std::vector<Workspace> workspaces;

  Impl(std::span<const float> q, std::int64_t w, const NearestOptions& options)
      : queries(q.begin(), q.end()),
        width(w),
        best({.width = w, .floats = queries}, options.top, options.metric),
        threads(std::max(options.threads, 1)),
        guards(static_cast<std::size_t>(tiles_of(best.queries(), tile_queries))),
        workspaces(static_cast<std::size_t>(threads)) {
    take_single_products(threads);
  }

  [[nodiscard]] const float* query(std::int64_t at) const { return queries.data() + at * width; }

  /// Products of some queries with the tile, [queries, rows].
  void multiply(RowRange some, const RowsView& rows, Workspace& mine) const {
    mine.products.resize(static_cast<std::size_t>(some.size() * rows.count()));
    mine.squares.resize(static_cast<std::size_t>(rows.count()));
    if (some.size() > passing_queries) {
      mine.tile.load(rows);
      neighbours::multiply(query(some.begin), some.size(), mine.tile.rows(), rows.count(), width, mine.products.data());
      std::copy_n(mine.tile.squares(), rows.count(), mine.squares.begin());
    } else if (rows.halves.empty()) {
      pass_over(some, rows.floats.data(), rows.count(), neighbours::dot_kernels().front().of_floats, mine);
    } else {
      pass_over(some, rows.halves.data(), rows.count(), neighbours::dot_kernels().front().of_halves, mine);
    }
  }

  template <typename Number>
  void pass_over(RowRange some, const Number* rows, std::int64_t count, void (*pass)(const neighbours::Pass<Number>&),
                 Workspace& mine) const {
    // Floats are read from a line on; halves from their first one on.
    const std::uintptr_t offset =
        sizeof(Number) == sizeof(float) ? reinterpret_cast<std::uintptr_t>(rows) % PlacedQueries::line : 0;
    const float* placed = mine.placed.get(std::span(queries).subspan(static_cast<std::size_t>(some.begin * width),
                                                                     static_cast<std::size_t>(some.size() * width)),
                                          some.begin, offset);
    const std::int64_t at_once = std::max<std::int64_t>(1, bytes_at_once / (width * std::int64_t{sizeof(Number)}));
    for (std::int64_t r = 0; r < count; r += at_once)
      for (std::int64_t q = some.begin; q < some.end; q += neighbours::few_queries)
        pass({.queries = placed + (q - some.begin) * width,
              .count_queries = std::min(neighbours::few_queries, some.end - q),
              .rows = rows + r * width,
              .count_rows = std::min(at_once, count - r),
              .width = width,
              .products = mine.products.data() + (q - some.begin) * count + r,
              .stride = count,
              .squares = mine.squares.data() + r});
  }

  void search(std::int64_t query_tile, const RowsView& rows, std::span<const Row> numbers, Workspace& mine) {
    const RowRange some = part_at(query_tile, tile_queries, best.queries());
    multiply(some, rows, mine);
    const std::lock_guard lock(guards[static_cast<std::size_t>(query_tile)]);
    for (std::int64_t q = some.begin; q < some.end; ++q)
      best.offer(q, query(q),
                 {.rows = rows,
                  .numbers = numbers,
                  .products = mine.products.data() + (q - some.begin) * rows.count(),
                  .squares = mine.squares.data()});
  }
};

Search::Search(std::span<const float> queries, std::int64_t width, const NearestOptions& options)
    : impl_(std::make_unique<Impl>(queries, width, options)) {}
Search::Search(Search&&) noexcept = default;
Search& Search::operator=(Search&&) noexcept = default;
Search::~Search() = default;

void Search::add(const RowsView& rows, std::span<const Row> numbers) {
  const std::int64_t count = rows.count(), row_tiles = tiles_of(count, tile_rows);
  const std::int64_t query_tiles = std::ssize(impl_->guards);
  run_tasks(impl_->threads, row_tiles * query_tiles, [&](std::int64_t task, int worker) {
    const RowRange some = part_at(task / query_tiles, tile_rows, count);
    impl_->search(task % query_tiles, rows.part(some),
                  numbers.subspan(static_cast<std::size_t>(some.begin), static_cast<std::size_t>(some.size())),
                  impl_->workspaces[static_cast<std::size_t>(worker)]);
  });
}

void Search::add(const RowsView& rows, Row first) {
  std::vector<Row> numbers(static_cast<std::size_t>(rows.count()));
  std::iota(numbers.begin(), numbers.end(), first);
  add(rows, numbers);
}

NeighbourTable Search::results() const { return impl_->best.table(); }

NeighbourTable nearest(const RowsView& rows, std::span<const float> queries, const NearestOptions& options) {
  Search search(queries, rows.width, options);
  search.add(rows, 0);
  return search.results();
}

}  // namespace pool3
