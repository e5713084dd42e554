#pragma once
// Files that users give for another kind: told by how they begin, and answered with what to do.

#include <span>
#include <string_view>

namespace pool3 {

/// In words: what the file is, and what to do.
struct OtherKind {
  const char* cause;
  const char* advice;
};

/// Files that begin with these bytes.
struct Magic {
  std::string_view bytes;
  OtherKind kind;
};

/// What a file that begins so is by the first of `magics` that fits; null if none does.
[[nodiscard]] inline const OtherKind* find_magic(std::span<const Magic> magics, std::string_view beginning) {
  for (const Magic& magic : magics)
    if (beginning.starts_with(magic.bytes)) return &magic.kind;
  return nullptr;
}

}  // namespace pool3
