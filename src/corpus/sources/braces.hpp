#pragma once
// Names with braces and wildcards, as in a shell. Private to the room.

#include <string>
#include <vector>

namespace pool3::corpus {

/// The names that {000..012} or {a,b} stand for; several braces are all combined. What exists under its very name is
/// taken as it is. Throws Error (usage): a brace that can't be understood, more than a million names.
[[nodiscard]] std::vector<std::string> expand_braces(const std::string& text);

/// The files that a name with *, ? or [a-z] stands for, in byte order. What exists under its very name, or has none of
/// these, is taken as it is. Throws Error: nothing matches, a folder that can't be read.
[[nodiscard]] std::vector<std::string> expand_wildcards(const std::string& text);

}  // namespace pool3::corpus
