#pragma once
// Files that users give for a table, and that are of another kind.

#include <string_view>

#include "pool3/files/other_kinds.hpp"

namespace pool3::exchange {

/// What a file that begins so is, if it is known and not read; else null.
[[nodiscard]] const OtherKind* other_kind(std::string_view beginning);

/// What a zip with an entry of this name is, if it holds no arrays of NumPy; else null.
[[nodiscard]] const OtherKind* other_zip(std::string_view entry);

}  // namespace pool3::exchange
