#pragma once
// Whole files in memory.

#include <span>
#include <string>
#include <string_view>

namespace pool3 {

/// Bytes of the regular file at `path`. Throws Error (stage "read weights") if it can't be read or is larger than
/// any weights file pool3 knows.
[[nodiscard]] std::string read_whole_file(const std::string& path);

/// Writes `parts` one after the other to a temporary name beside `path`, syncs, renames. Throws Error (stage
/// "write weights"); then `path` is as it was.
void write_whole_file(const std::string& path, std::span<const std::string_view> parts);

}  // namespace pool3
