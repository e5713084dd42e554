#pragma once
// Texts in one string, to send them from rank to rank. Private to the room.

#include <string>
#include <string_view>

namespace pool3::corpus {

/// Texts without NUL in one, each closed by a NUL.
inline void pack(std::string& packed, std::string_view text) { packed.append(text).push_back('\0'); }
/// Takes the first of what pack() made. REQUIRES: not empty.
[[nodiscard]] inline std::string_view unpack(std::string_view& packed) {
  const std::string_view text = packed.substr(0, packed.find('\0'));
  packed.remove_prefix(text.size() + 1);
  return text;
}

}  // namespace pool3::corpus
