#pragma once
// What rows may hold: checks against the file's own tables. A right checksum says nothing about that.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "pool3/store/features.hpp"
#include "store/features/feature_tables.hpp"

namespace pool3::store {

/// What is wrong with a label in a file of `classes` classes ("label 7 has no class"), or "".
[[nodiscard]] std::string label_problem(std::int32_t label, std::int64_t classes);
/// What is wrong with a row's status in a finished file, or "".
[[nodiscard]] std::string status_problem(RowStatus status);

/// The first row with a value that is NaN or infinite, or -1. `features`: rows of `row_bytes`, as stored.
[[nodiscard]] std::int64_t first_not_finite(std::span<const std::byte> features, FeatureType type,
                                            std::int64_t row_bytes);
inline constexpr const char* not_finite = "a feature is not a finite number";

/// The key that its digits give, or nothing if they aren't hexadecimal.
[[nodiscard]] std::optional<ImageKey> parse_key(std::string_view digits);
inline constexpr const char* no_key = "its key is not hexadecimal";

// Throw Error that names the first row of `tables` with a value that can't be. values[0] is that of row `first`.
void check_labels(const Tables& tables, Row first, std::span<const std::int32_t> values);
void check_status(const Tables& tables, Row first, std::span<const RowStatus> values);
/// Throws Error unless the entries are of rows of `tables`, in rising order.
void check_failures(const Tables& tables, std::span<const Failure> failures);

}  // namespace pool3::store
