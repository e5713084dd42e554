#pragma once
// Cutting a range of rows into pieces of bounded size.

#include <algorithm>
#include <cstdint>

#include "pool3/types.hpp"

namespace pool3::store {

/// Bytes of the buffer through which a whole table streams.
inline constexpr std::int64_t buffer_bytes = std::int64_t{8} << 20;

/// Calls `action(RowRange)` for consecutive pieces of `rows`, each of at most `limit_bytes` or one row.
template <typename Action>
void for_each_piece(RowRange rows, std::int64_t row_bytes, std::int64_t limit_bytes, Action&& action) {
  const std::int64_t step = std::max<std::int64_t>(1, limit_bytes / std::max<std::int64_t>(1, row_bytes));
  for (Row begin = rows.begin; begin < rows.end; begin += step) {
    action(RowRange{begin, std::min(begin + step, rows.end)});
  }
}

}  // namespace pool3::store
