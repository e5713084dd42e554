#pragma once
// Files that users give for a table, and that are of another kind.

#include <string_view>

namespace pool3::exchange {

/// In words: what the file is, and what to do.
struct OtherKind {
  const char* cause;
  const char* advice;
};

/// What a file that begins so is, if it is known and not read; else null.
[[nodiscard]] const OtherKind* other_kind(std::string_view beginning);

/// What a zip with an entry of this name is, if it holds no arrays of NumPy; else null.
[[nodiscard]] const OtherKind* other_zip(std::string_view entry);

}  // namespace pool3::exchange
