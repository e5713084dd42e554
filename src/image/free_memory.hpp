#pragma once
// How much memory a picture may take. Private to the room.

#include <cstdint>

namespace pool3::image {

/// Bytes that this process can still take: what the system and the process's cgroup have free. A very large number
/// where neither says.
[[nodiscard]] std::int64_t free_memory();

}  // namespace pool3::image
