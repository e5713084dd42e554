#pragma once
// Texts from outside: names of files, classes and jobs, which may end a line, hold what a terminal obeys, or be no
// UTF-8.

#include <charconv>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>

namespace pool3 {

/// `text` as one line of UTF-8 that shows as it is: control characters (C0, DEL, C1), ends of lines, marks of direction
/// and characters without a shape become escapes as in C (\n, \x1b, \u202e), and so do bytes that are no UTF-8 (\xff).
/// What is in order stays as it is, backslashes too, so a second call changes nothing.
[[nodiscard]] std::string one_line(std::string_view text);
/// The same for JSON text, with JSON's escapes: the value stays what it was. REQUIRES: no line ends between values.
[[nodiscard]] std::string one_line_json(std::string_view json);

/// What a JSON text has more of than any that pool3 writes, as a cause, or "": a depth of more than 128, which copies
/// and comparisons go down with, or more than 16,384 members of an object, each of which is compared with those before
/// it. Ask before a text from outside is parsed. Takes any text.
[[nodiscard]] std::string excess_of_json(std::string_view text);

/// Length of the longest beginning of `text` that is valid UTF-8.
[[nodiscard]] std::size_t valid_utf8(std::string_view text);
/// `text` for JSON, which must be UTF-8. Where it is not, bytes that are none become \xHH, and each backslash is
/// doubled. So different texts stay different. Texts that are UTF-8 stay as they are, but for those that contain \x.
[[nodiscard]] std::string utf8_text(const std::string& text);
/// The text that utf8_text() has made `utf8` of. What it can't have made stays.
[[nodiscard]] std::string text_of_utf8(const std::string& utf8);

/// ASCII letters in lower case, whatever the locale; other bytes stay.
[[nodiscard]] std::string lower_case(std::string_view text);

/// The number that all of `text` is, as std::from_chars() reads it; nothing for another text, or one out of range.
template <typename Number>
[[nodiscard]] std::optional<Number> parse_number(std::string_view text) {
  Number value{};
  const char* const end = text.data() + text.size();
  const auto read = std::from_chars(text.data(), end, value);
  if (read.ec != std::errc() || read.ptr != end) return std::nullopt;
  return value;
}

}  // namespace pool3
