#pragma once
// Rows that are compared with each other, each pair multiplied once.

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "neighbours/nearest_so_far.hpp"
#include "neighbours/tiles.hpp"
#include "pool3/neighbours.hpp"

namespace pool3::neighbours {

/// Rows in memory, and their numbers: as queries and as answers.
struct Chunk {
  RowsView rows;
  std::span<const Row> numbers;  ///< [rows], rising
};

/// The nearest of rows `first`, first + 1, ..., as one rank of several finds them.
class Pairs {
 public:
  enum class Itself : bool { is_no_answer, is_answer };
  struct Share {
    int rank = 0, ranks = 1;
  };
  /// Of `count` rows.
  Pairs(Row first, std::int64_t count, Itself itself, const NearestOptions& options);

  /// Says that these rows will be compared. What is not asked for is passed over.
  void set(const Chunk& chunk);
  /// Compares all rows of two chunks, or of one with itself. This rank takes every `ranks`-th pair of tiles; `show`
  /// says how much of them is done. REQUIRES: set() of both; each chunk is asked for as a whole, or not at all.
  void compare(const Chunk& a, const Chunk& b, Share share, const std::function<void(double)>& show = {});
  [[nodiscard]] NeighbourTable table() const { return best_.table(); }

 private:
  /// What a thread keeps between pairs of tiles.
  struct Workspace {
    FloatTile first, second;
    std::vector<float> products, turned;
  };

  [[nodiscard]] bool asks(const Chunk& chunk) const;
  /// Offers `others` to queries: rows of two tiles, and their products [queries, others].
  void offer(const Chunk& queries, const FloatTile& own, const Chunk& others, const FloatTile& tile,
             const std::vector<float>& products);

  Row first_;
  std::int64_t count_;
  Itself itself_;
  NearestSoFar best_;
  std::vector<Workspace> workspaces_;  ///< one a thread
};

}  // namespace pool3::neighbours
