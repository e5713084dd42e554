#pragma once
// Characters and their UTF-8 (RFC 3629).

#include <cstdint>
#include <string>
#include <string_view>

namespace pool3 {

/// A character of UTF-8 text, or one byte that is no part of one.
struct Utf8Character {
  std::size_t bytes = 1;
  std::uint32_t code = 0;  ///< of Unicode; the byte, if it is no part of a character
  bool valid = false;
};
/// The first of `text`. REQUIRES: it is not empty.
[[nodiscard]] Utf8Character first_utf8(std::string_view text);

/// The byte order mark that some programs write in front of a text.
inline constexpr std::string_view utf8_mark = "\xEF\xBB\xBF";

/// Adds the character `code` of Unicode to `text`, in one to four bytes (section 3). Does not check it.
void append_utf8(std::string& text, std::uint32_t code);

/// True for a byte that goes on with a character, and begins none.
[[nodiscard]] constexpr bool goes_on_utf8(char byte) { return (static_cast<unsigned char>(byte) & 0xC0U) == 0x80U; }
/// The beginning or end of `text`, of at most `bytes`, that cuts no character.
[[nodiscard]] std::string_view utf8_beginning(std::string_view text, std::size_t bytes);
[[nodiscard]] std::string_view utf8_end(std::string_view text, std::size_t bytes);

}  // namespace pool3
