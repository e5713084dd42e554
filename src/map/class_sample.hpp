#pragma once
// Which rows are taken where not all are.

#include <cstdint>
#include <span>
#include <vector>

namespace pool3::map {

/// A number of 64 bits that looks random and depends on both alone.
[[nodiscard]] std::uint64_t mixed(std::uint64_t seed, std::uint64_t number);

/// `most` of the rows with these labels, from each class as evenly as can be: small classes whole, the others alike.
/// Rows without a class (-1) are one. By number, rising. All, if there are no more.
[[nodiscard]] std::vector<std::int64_t> sample_classes(std::span<const std::int32_t> labels, std::int64_t most,
                                                       std::uint64_t seed);

}  // namespace pool3::map
