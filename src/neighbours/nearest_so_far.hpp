#pragma once
// The nearest rows so far of some queries, and which rows of a tile may take a place among them.

#include <cstdint>
#include <span>
#include <vector>

#include "pool3/neighbours.hpp"

namespace pool3::neighbours {

/// Rows that were multiplied with queries.
struct Tile {
  RowsView rows;
  std::span<const Row> numbers;  ///< [rows]; negative: left out
  const float* products;         ///< [rows] with one query, in floats
  const float* squares;          ///< [rows] |x|^2, in floats
};

/// What is nearest to each query. One thread at a time may offer() to a query.
class NearestSoFar {
 public:
  /// Of so many queries, each of which is to be set before something is offered to it.
  NearestSoFar(std::int64_t queries, std::int64_t top, Metric metric);
  /// Of these. Does not keep the queries themselves.
  NearestSoFar(const RowsView& queries, std::int64_t top, Metric metric);
  /// Says that queries `first`, first + 1, ... are these rows.
  void set(std::int64_t first, const RowsView& rows);

  [[nodiscard]] std::int64_t queries() const { return static_cast<std::int64_t>(squares_.size()); }

  /// Takes what is near enough of a tile to a query, whose features are `row`; not the row of number `without`.
  void offer(std::int64_t query, const float* row, const Tile& tile, Row without = -1);
  /// Takes one that is known.
  void offer(std::int64_t query, const Neighbour& neighbour);
  [[nodiscard]] NeighbourTable table() const;

 private:
  [[nodiscard]] bool is_full(std::int64_t query) const;
  [[nodiscard]] double limit(std::int64_t query) const;

  std::int64_t top_;
  Metric metric_;
  std::vector<double> squares_;                ///< [queries]
  std::vector<std::vector<Neighbour>> heaps_;  ///< [queries], the farthest in front
};

}  // namespace pool3::neighbours
