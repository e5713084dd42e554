#pragma once
// A tile of rows as floats, with squares, and its products with others.

#include <cstdint>
#include <vector>

#include "pool3/neighbours.hpp"

namespace pool3::neighbours {

/// Rows of a tile: as floats, one stays in the second cache beside the queries' own.
inline constexpr std::int64_t tile_rows = 256;

/// Rows as floats, and their squares.
class FloatTile {
 public:
  void load(const RowsView& rows);
  [[nodiscard]] const float* rows() const { return rows_; }
  [[nodiscard]] const float* squares() const { return squares_.data(); }
  [[nodiscard]] std::int64_t count() const { return count_; }

 private:
  std::vector<float> buffer_, squares_;
  const float* rows_ = nullptr;
  std::int64_t count_ = 0;
};

/// out [m, n] = a [m, width] times b [n, width] transposed.
void multiply(const float* a, std::int64_t m, const float* b, std::int64_t n, std::int64_t width, float* out);

}  // namespace pool3::neighbours
