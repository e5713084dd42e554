#pragma once
// The stage of this room's errors. Private to the room.

namespace pool3::corpus {

inline constexpr const char* stage = "list corpus";

}  // namespace pool3::corpus
