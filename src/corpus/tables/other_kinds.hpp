#pragma once
// Files that users give for a table or a list, and that are none. Private to the room.

#include <string_view>

#include "pool3/files/other_kinds.hpp"

namespace pool3::corpus {

/// What a file that begins so is, if it is known, and neither a table nor a list; else null.
[[nodiscard]] const OtherKind* other_kind(std::string_view beginning);

}  // namespace pool3::corpus
