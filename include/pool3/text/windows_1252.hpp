#pragma once
// Text of old spreadsheets: Windows-1252, of which Latin-1 is the part that is letters.

#include <string>
#include <string_view>

namespace pool3 {

/// What a text has beside ASCII.
struct EncodingSigns {
  bool utf8 = false;         ///< characters of several bytes
  bool stray = false;        ///< bytes that are no part of one
  bool unprintable = false;  ///< control characters but for blanks, and bytes that Windows-1252 does not know

  /// Plainly so: no UTF-8, and every byte prints.
  [[nodiscard]] bool is_windows_1252() const { return stray && !utf8 && !unprintable; }
  /// With those of another piece.
  void add(const EncodingSigns& more);
};
/// REQUIRES: no character of several bytes is cut at an end of `text`.
[[nodiscard]] EncodingSigns encoding_signs(std::string_view text);

/// Adds `bytes` to `text`, as UTF-8 of up to three bytes for each. Bytes that are not known become U+FFFD.
void append_windows_1252(std::string& text, std::string_view bytes);
/// The bytes that append_windows_1252() has made this UTF-8 of. Characters that it can't have made stay.
[[nodiscard]] std::string to_windows_1252(std::string_view utf8);

}  // namespace pool3
