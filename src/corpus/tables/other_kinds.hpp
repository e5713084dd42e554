#pragma once
// Files that users give for a table or a list, and that are none. Private to the room.

#include <string_view>

namespace pool3::corpus {

/// In words: what the file is, and what to do.
struct OtherKind {
  const char* cause;
  const char* advice;
};

/// What a file that begins so is, if it is known, and neither a table nor a list; else null.
[[nodiscard]] const OtherKind* other_kind(std::string_view beginning);

}  // namespace pool3::corpus
