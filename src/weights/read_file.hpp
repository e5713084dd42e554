#pragma once
// Whole files in memory.

#include <string>

namespace pool3::weights {

/// Bytes of the regular file at `path`. Throws Error (stage "read weights") if it can't be read or is larger than
/// any weights file pool3 knows.
[[nodiscard]] std::string read_file(const std::string& path);

}  // namespace pool3::weights
