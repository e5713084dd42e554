#pragma once
// Whole files in memory.

#include <cstdint>
#include <string>

namespace pool3::weights {

/// Larger than any weights file that pool3 knows.
inline constexpr std::int64_t largest_weights_bytes = std::int64_t{4} << 30U;

/// Bytes of the regular file at `path`. Throws Error (stage "read weights") if it can't be read or is larger.
[[nodiscard]] std::string read_file(const std::string& path, std::int64_t largest_bytes = largest_weights_bytes);

}  // namespace pool3::weights
