#pragma once
// Reading blocks of rows and checking them.

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "store/features/tables.hpp"

namespace pool3::store {

/// What a run of blocks holds besides its features.
struct BlockRun {
  RowRange rows;
  std::vector<char> keys;  ///< as stored, 32 characters each
  std::vector<RowStatus> status;
  std::vector<RowRange> damaged;  ///< rows of the blocks whose checksum is wrong
};

/// Reads blocks [first, last) and checks their checksums. `features` receives rows x 2048. Not collective.
[[nodiscard]] BlockRun read_run(const Tables& tables, std::int64_t first, std::int64_t last, std::span<float> features);

/// "rows 16 to 31".
[[nodiscard]] std::string rows_text(RowRange rows);

}  // namespace pool3::store
