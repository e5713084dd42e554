#include <algorithm>
#include <cstring>
#include <mutex>
#include <numeric>

#include "neighbours/best.hpp"
#include "neighbours/tiles.hpp"
#include "pool3/threads.hpp"

namespace pool3 {
namespace {

using neighbours::Best;
using neighbours::FloatTile;
using neighbours::tile_rows;

/// Two tiles of rows; `first` is not after `second`.
struct TilePair {
  std::int64_t first, second;
};

/// All pairs of tiles, column by column: 0 is (0, 0), 1 (0, 1), 2 (1, 1), 3 (0, 2), ...
TilePair pair_at(std::int64_t index) {
  std::int64_t column = 0;
  for (std::int64_t step = std::int64_t{1} << 31; step > 0; step /= 2)
    if ((column + step) * (column + step + 1) / 2 <= index) column += step;
  return {index - column * (column + 1) / 2, column};
}

/// What a thread keeps between pairs.
struct Workspace {
  FloatTile first, second;
  std::vector<float> products, turned;
};

void transpose(const std::vector<float>& from, std::int64_t rows, std::int64_t columns, std::vector<float>& to) {
  constexpr std::int64_t side = 16;
  to.resize(from.size());
  for (std::int64_t top = 0; top < rows; top += side)
    for (std::int64_t left = 0; left < columns; left += side)
      for (std::int64_t i = top; i < std::min(top + side, rows); ++i)
        for (std::int64_t j = left; j < std::min(left + side, columns); ++j)
          to[static_cast<std::size_t>(j * rows + i)] = from[static_cast<std::size_t>(i * columns + j)];
}

/// The nearest of all rows, as one rank of several finds them.
class AllPairs {
 public:
  AllPairs(const RowsView& rows, const NearestOptions& options)
      : rows_(rows),
        best_(rows, options.top, options.metric),
        numbers_(static_cast<std::size_t>(rows.count())),
        guards_(static_cast<std::size_t>(tiles())),
        workspaces_(static_cast<std::size_t>(std::max(options.threads, 1))) {
    std::iota(numbers_.begin(), numbers_.end(), Row{0});
    take_single_products();
  }

  /// Every `ranks`-th pair of tiles from the `rank`-th on.
  void run(int rank, int ranks) {
    const std::int64_t pairs = tiles() * (tiles() + 1) / 2, mine = (pairs - rank + ranks - 1) / ranks;
    run_tasks(static_cast<int>(workspaces_.size()), mine, [&](std::int64_t task, int worker) {
      multiply(pair_at(rank + task * ranks), workspaces_[static_cast<std::size_t>(worker)]);
    });
  }
  [[nodiscard]] NeighbourTable table() const { return best_.table(); }

 private:
  [[nodiscard]] std::int64_t tiles() const { return (rows_.count() + tile_rows - 1) / tile_rows; }
  [[nodiscard]] RowRange tile(std::int64_t index) const {
    return {index * tile_rows, std::min((index + 1) * tile_rows, rows_.count())};
  }

  void multiply(TilePair pair, Workspace& mine) {
    const RowRange a = tile(pair.first), b = tile(pair.second);
    mine.first.load(rows_.part(a));
    mine.second.load(rows_.part(b));
    mine.products.resize(static_cast<std::size_t>(a.size() * b.size()));
    neighbours::multiply(mine.first.rows(), a.size(), mine.second.rows(), b.size(), rows_.width, mine.products.data());
    offer(pair.first, a, b, mine.products, mine.first, mine.second);
    if (pair.first == pair.second) return;
    transpose(mine.products, a.size(), b.size(), mine.turned);
    offer(pair.second, b, a, mine.turned, mine.second, mine.first);
  }

  /// Offers rows `others` to those of a tile.
  void offer(std::int64_t index, RowRange queries, RowRange others, const std::vector<float>& products,
             const FloatTile& own, const FloatTile& tile) {
    const auto numbers =
        std::span(numbers_).subspan(static_cast<std::size_t>(others.begin), static_cast<std::size_t>(others.size()));
    const std::lock_guard lock(guards_[static_cast<std::size_t>(index)]);
    for (Row q = queries.begin; q < queries.end; ++q)
      best_.offer(q, own.rows() + (q - queries.begin) * rows_.width,
                  {.rows = rows_.part(others),
                   .numbers = numbers,
                   .products = products.data() + (q - queries.begin) * others.size(),
                   .squares = tile.squares()},
                  q);
  }

  RowsView rows_;
  Best best_;
  std::vector<Row> numbers_;
  std::vector<std::mutex> guards_;  ///< one for each tile
  std::vector<Workspace> workspaces_;
};

}  // namespace

NeighbourTable nearest_of_all(const RowsView& rows, const NearestOptions& options) {
  AllPairs pairs(rows, options);
  pairs.run(0, 1);
  return pairs.table();
}

NeighbourTable nearest_of_all(const Communicator& comm, const RowsView& rows, const NearestOptions& options) {
  AllPairs pairs(rows, options);
  comm.all_do([&] { pairs.run(comm.rank(), comm.size()); });
  return merge(comm, pairs.table());
}

}  // namespace pool3
