#pragma once
// Names with braces, as in a shell. Private to the room.

#include <string>
#include <vector>

namespace pool3::corpus {

/// The names that {000..012} or {a,b} stand for; several braces are all combined. What exists under its very name is
/// taken as it is. Throws Error (usage): a brace that can't be understood, more than a million names.
[[nodiscard]] std::vector<std::string> expand_braces(const std::string& text);

}  // namespace pool3::corpus
