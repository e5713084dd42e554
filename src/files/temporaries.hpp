#pragma once
// Names of files that are still being written. Private to the room.

#include <string>

namespace pool3::files {

/// A name beside `path` that no other writer has: PATH.HOST.PID.RANDOM.tmp. A long PATH is cut, so that the name is one
/// that file systems take.
[[nodiscard]] std::string temporary_name(const std::string& path);

/// Removes what dead writers of `path` have left under names of temporary_name(): writers of this host whose process is
/// gone, and files that nobody has touched for a day. Other names are left alone, whoever made them. Never throws.
void remove_dead_temporaries(const std::string& path) noexcept;

}  // namespace pool3::files
