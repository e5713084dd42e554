#pragma once
// Who holds which rows, and which side of a split a row is on. Pure functions, no MPI.

#include <cstdint>

#include "pool3/types.hpp"

namespace pool3 {

/// Number of blocks of `block_rows` rows that cover `rows` rows; the last may be short.
[[nodiscard]] std::int64_t block_count(std::int64_t rows, std::int64_t block_rows);
/// Rows of block `index`. REQUIRES: 0 <= index < block_count(rows, block_rows).
[[nodiscard]] RowRange block_range(std::int64_t rows, std::int64_t block_rows, std::int64_t index);
/// Contiguous share of `rows` for `part` of `parts`; shares differ by at most one row.
[[nodiscard]] RowRange even_share(std::int64_t rows, std::int64_t parts, std::int64_t part);

/// Uniform number in [0, 1) that depends on (seed, key, salt) alone.
[[nodiscard]] double key_uniform(std::uint64_t seed, const ImageKey& key, std::uint64_t salt);
/// True if the row is held out for testing. A function of (seed, key) alone, so that a growing
/// catalogue never moves a picture from one side to the other, and copies stay together.
[[nodiscard]] bool is_test_row(std::uint64_t seed, const ImageKey& key, double test_fraction);
/// Fold of a training row in [0, folds), a function of (seed, key) alone.
[[nodiscard]] int fold_of(std::uint64_t seed, const ImageKey& key, int folds);

}  // namespace pool3
