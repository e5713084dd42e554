#include "pool3/text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <string_view>
#include <vector>

#include "pool3/text/utf8.hpp"

namespace pool3 {
namespace {

struct Range {
  std::uint32_t first, last;
};
/// Characters that move the cursor, turn the direction of the text, end a line, or are not seen: Unicode's classes Cc,
/// Cf, Zl and Zp, and fillers.
constexpr std::array<Range, 24> unsafe = {{
    {0x00, 0x1f},       {0x7f, 0x9f},       {0xad, 0xad},       {0x34f, 0x34f},     {0x600, 0x605},
    {0x61c, 0x61c},     {0x6dd, 0x6dd},     {0x70f, 0x70f},     {0x115f, 0x1160},   {0x17b4, 0x17b5},
    {0x180b, 0x180f},   {0x200b, 0x200f},   {0x2028, 0x202e},   {0x2060, 0x206f},   {0x3164, 0x3164},
    {0xfeff, 0xfeff},   {0xffa0, 0xffa0},   {0xfff0, 0xfffb},   {0x110bd, 0x110bd}, {0x110cd, 0x110cd},
    {0x13430, 0x1345f}, {0x1bca0, 0x1bca3}, {0x1d173, 0x1d17a}, {0xe0000, 0xe0fff},
}};

bool is_unsafe(std::uint32_t code) {
  const auto* const range = std::ranges::lower_bound(unsafe, code, {}, &Range::last);
  return range != unsafe.end() && code >= range->first;
}

std::string escape_of(const Utf8Character& c) {
  if (c.code == '\n') return "\\n";
  if (c.code == '\r') return "\\r";
  if (c.code == '\t') return "\\t";
  if (!c.valid || c.code < 0x80) return fmt::format("\\x{:02x}", c.code);
  return c.code < 0x10000 ? fmt::format("\\u{:04x}", c.code) : fmt::format("\\U{:08x}", c.code);
}

std::string json_escape_of(const Utf8Character& c) {
  if (!c.valid) return "\\ufffd";
  if (c.code < 0x10000) return fmt::format("\\u{:04x}", c.code);
  const std::uint32_t rest = c.code - 0x10000;
  return fmt::format("\\u{:04x}\\u{:04x}", 0xd800 + (rest >> 10U), 0xdc00 + (rest & 0x3ffU));
}

/// The joiners of emoji, and of scripts that need them, are not seen themselves: what they do to both sides is.
bool is_joiner(const Utf8Character& c, std::uint32_t before, std::string_view behind) {
  const bool joins = c.code == 0x200c || c.code == 0x200d;
  if (!joins || before < 0x80 || behind.empty()) return false;
  const Utf8Character next = first_utf8(behind);
  return next.valid && next.code >= 0x80 && !is_unsafe(next.code);
}

/// `text` with `escape` in place of what is no UTF-8 or `is_unsafe`.
std::string replaced(std::string_view text, std::string (*escape)(const Utf8Character&)) {
  std::string safe;
  safe.reserve(text.size());
  for (std::uint32_t before = 0; !text.empty();) {
    const Utf8Character c = first_utf8(text);
    const bool good = c.valid && (!is_unsafe(c.code) || is_joiner(c, before, text.substr(c.bytes)));
    before = good && !is_unsafe(c.code) ? c.code : 0;
    if (good) {
      safe += text.substr(0, c.bytes);
    } else {
      safe += escape(c);
    }
    text.remove_prefix(c.bytes);
  }
  return safe;
}

}  // namespace

std::string one_line(std::string_view text) { return replaced(text, escape_of); }

std::string one_line_json(std::string_view json) { return replaced(json, json_escape_of); }

std::string excess_of_json(std::string_view text) {
  constexpr std::size_t most_depth = 128, most_members = 16384;
  std::vector<std::size_t> members;  // of what is open
  bool quoted = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (quoted && c == '\\') {
      ++i;
    } else if (c == '"') {
      quoted = !quoted;
    } else if (quoted) {
      continue;
    } else if (c == '[' || c == '{') {
      if (members.size() == most_depth) return "it is nested too deeply";
      members.push_back(0);
    } else if ((c == ']' || c == '}') && !members.empty()) {
      members.pop_back();
    } else if (c == ':' && !members.empty() && ++members.back() > most_members) {
      return "it has an object of too many members";
    }
  }
  return {};
}

std::string lower_case(std::string_view text) {
  std::string lower(text);
  for (char& c : lower) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  return lower;
}

std::size_t valid_utf8(std::string_view text) {
  std::size_t valid = 0;
  while (valid < text.size()) {
    const Utf8Character c = first_utf8(text.substr(valid));
    if (!c.valid) break;
    valid += c.bytes;
  }
  return valid;
}

std::string utf8_text(const std::string& text) {
  if (valid_utf8(text) == text.size() && text.find("\\x") == std::string::npos) return text;
  std::string escaped;
  for (std::string_view rest = text; !rest.empty();) {
    const Utf8Character c = first_utf8(rest);
    if (c.valid) {
      escaped += rest[0] == '\\' ? std::string_view("\\\\") : rest.substr(0, c.bytes);
    } else {
      escaped += escape_of(c);
    }
    rest.remove_prefix(c.bytes);
  }
  return escaped;
}

std::string text_of_utf8(const std::string& utf8) {
  if (utf8.find("\\x") == std::string::npos) return utf8;
  std::string text;
  for (std::string_view rest = utf8; !rest.empty();) {
    std::size_t used = 1;
    char byte = rest[0];
    if (byte == '\\' && rest.substr(1, 1) == "\\") {
      used = 2;
    } else if (byte == '\\') {
      used = 4;
      unsigned code = 0;
      const char *first = rest.data() + 2, *last = rest.data() + std::min<std::size_t>(rest.size(), 4);
      if (rest.size() < 4 || rest[1] != 'x' || std::from_chars(first, last, code, 16).ptr != last) return utf8;
      byte = static_cast<char>(code);
    }
    text += byte;
    rest.remove_prefix(used);
  }
  return text;
}

}  // namespace pool3
