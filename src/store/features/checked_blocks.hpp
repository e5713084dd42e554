#pragma once
// Reading blocks of rows and checking them.

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "store/features/feature_tables.hpp"

namespace pool3::store {

/// What a run of blocks holds besides its features.
struct BlockRun {
  RowRange rows;
  std::vector<char> keys;  ///< as stored, 32 characters each
  std::vector<RowStatus> status;
  std::vector<RowRange> damaged;  ///< rows of the blocks whose checksum is wrong
  std::vector<Row> not_finite;    ///< of each sound block that has some, the first row with a NaN or an infinity
};

/// Reads blocks [first, last) and checks their checksums. `features` receives the rows as they are stored. Not
/// collective. REQUIRES: it has rows x row_bytes() of the table of features.
[[nodiscard]] BlockRun read_run(const Tables& tables, std::int64_t first, std::int64_t last,
                                std::span<std::byte> features);
/// Rows of blocks [first, last).
[[nodiscard]] RowRange rows_of_blocks(const Tables& tables, std::int64_t first, std::int64_t last);

/// "rows 16 to 31".
[[nodiscard]] std::string rows_text(RowRange rows);

}  // namespace pool3::store
