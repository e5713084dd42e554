#include "neighbours/tile_pairs.hpp"

#include <algorithm>
#include <mutex>

#include "pool3/threads.hpp"

namespace pool3::neighbours {
namespace {

/// Two tiles of rows.
struct TilePair {
  std::int64_t first, second;
};

/// Pairs of tiles of one chunk, column by column: 0 is (0, 0), 1 (0, 1), 2 (1, 1), 3 (0, 2), ...
TilePair pair_at(std::int64_t index) {
  std::int64_t column = 0;
  for (std::int64_t step = std::int64_t{1} << 31; step > 0; step /= 2)
    if ((column + step) * (column + step + 1) / 2 <= index) column += step;
  return {index - column * (column + 1) / 2, column};
}

std::int64_t tiles_of(const Chunk& chunk) { return (chunk.rows.count() + tile_rows - 1) / tile_rows; }

Chunk tile_at(const Chunk& chunk, std::int64_t index) {
  const RowRange rows{index * tile_rows, std::min((index + 1) * tile_rows, chunk.rows.count())};
  return {chunk.rows.part(rows),
          chunk.numbers.subspan(static_cast<std::size_t>(rows.begin), static_cast<std::size_t>(rows.size()))};
}

void transpose(const std::vector<float>& from, std::int64_t rows, std::int64_t columns, std::vector<float>& to) {
  constexpr std::int64_t side = 16;
  to.resize(from.size());
  for (std::int64_t top = 0; top < rows; top += side)
    for (std::int64_t left = 0; left < columns; left += side)
      for (std::int64_t i = top; i < std::min(top + side, rows); ++i)
        for (std::int64_t j = left; j < std::min(left + side, columns); ++j)
          to[static_cast<std::size_t>(j * rows + i)] = from[static_cast<std::size_t>(i * columns + j)];
}

}  // namespace

Pairs::Pairs(Row first, std::int64_t count, Itself itself, const NearestOptions& options)
    : first_(first),
      count_(count),
      itself_(itself),
      best_(count, options.top, options.metric),
      workspaces_(static_cast<std::size_t>(std::max(options.threads, 1))) {
  take_single_products(std::max(options.threads, 1));
}

bool Pairs::asks(const Chunk& chunk) const {
  return !chunk.numbers.empty() && chunk.numbers.front() >= first_ && chunk.numbers.front() < first_ + count_;
}

void Pairs::set(const Chunk& chunk) {
  if (asks(chunk)) best_.set(chunk.numbers.front() - first_, chunk.rows);
}

void Pairs::compare(const Chunk& a, const Chunk& b, Share share, const std::function<void(double)>& show) {
  const bool is_one = a.numbers.data() == b.numbers.data();
  const std::int64_t tiles_a = tiles_of(a), tiles_b = tiles_of(b);
  const std::int64_t pairs = is_one ? tiles_a * (tiles_a + 1) / 2 : tiles_a * tiles_b;
  const std::int64_t mine = (pairs - share.rank + share.ranks - 1) / share.ranks;
  std::vector<std::mutex> guards_a(static_cast<std::size_t>(tiles_a)), guards_b(static_cast<std::size_t>(tiles_b));
  const auto guard_of = [&](std::int64_t tile, bool is_first) -> std::mutex& {
    return (is_first || is_one ? guards_a : guards_b)[static_cast<std::size_t>(tile)];
  };
  run_tasks(static_cast<int>(workspaces_.size()), mine, [&](std::int64_t task, int worker) {
    const std::int64_t index = share.rank + task * share.ranks;
    const TilePair pair = is_one ? pair_at(index) : TilePair{index % tiles_a, index / tiles_a};
    Workspace& work = workspaces_[static_cast<std::size_t>(worker)];
    const Chunk first = tile_at(a, pair.first), second = tile_at(b, pair.second);
    const std::int64_t m = first.rows.count(), n = second.rows.count();
    work.first.load(first.rows);
    work.second.load(second.rows);
    work.products.resize(static_cast<std::size_t>(m * n));
    multiply(work.first.rows(), m, work.second.rows(), n, first.rows.width, work.products.data());
    if (asks(a)) {
      const std::lock_guard lock(guard_of(pair.first, true));
      offer(first, work.first, second, work.second, work.products);
    }
    if (asks(b) && !(is_one && pair.first == pair.second)) {
      transpose(work.products, m, n, work.turned);
      const std::lock_guard lock(guard_of(pair.second, false));
      offer(second, work.second, first, work.first, work.turned);
    }
    if (worker == 0 && show) show(static_cast<double>(task + 1) / static_cast<double>(mine));
  });
}

void Pairs::offer(const Chunk& queries, const FloatTile& own, const Chunk& others, const FloatTile& tile,
                  const std::vector<float>& products) {
  for (std::int64_t q = 0; q < queries.rows.count(); ++q) {
    const Row number = queries.numbers[static_cast<std::size_t>(q)];
    best_.offer(number - first_, own.rows() + q * queries.rows.width,
                {.rows = others.rows,
                 .numbers = others.numbers,
                 .products = products.data() + q * others.rows.count(),
                 .squares = tile.squares()},
                itself_ == Itself::is_answer ? -1 : number);
  }
}

}  // namespace pool3::neighbours
