#include "pool3/text/windows_1252.hpp"

#include <algorithm>
#include <array>
#include <cstdint>

#include "pool3/text/utf8.hpp"

namespace pool3 {
namespace {

constexpr std::uint32_t unknown = 0xfffd;
/// What 0x80 to 0x9f are in Unicode (WHATWG's index windows-1252, without its five controls). From 0xa0 on, a byte is
/// its own code.
constexpr std::array<std::uint32_t, 32> upper_controls = {
    0x20ac, unknown, 0x201a,  0x0192, 0x201e,  0x2026,  0x2020, 0x2021,  0x02c6, 0x2030, 0x0160,
    0x2039, 0x0152,  unknown, 0x017d, unknown, unknown, 0x2018, 0x2019,  0x201c, 0x201d, 0x2022,
    0x2013, 0x2014,  0x02dc,  0x2122, 0x0161,  0x203a,  0x0153, unknown, 0x017e, 0x0178};

std::uint32_t code_of(unsigned char byte) {
  return byte >= 0x80 && byte < 0xa0 ? upper_controls.at(byte - 0x80U) : byte;
}

bool prints(unsigned char byte) {
  if (byte < 0x20) return byte >= '\t' && byte <= '\r';
  return byte != 0x7f && code_of(byte) != unknown;
}

}  // namespace

void EncodingSigns::add(const EncodingSigns& more) {
  utf8 = utf8 || more.utf8;
  stray = stray || more.stray;
  unprintable = unprintable || more.unprintable;
}

EncodingSigns encoding_signs(std::string_view text) {
  EncodingSigns signs;
  while (!text.empty()) {
    const Utf8Character c = first_utf8(text);
    if (c.bytes > 1) {
      signs.utf8 = true;
    } else if (const auto byte = static_cast<unsigned char>(text[0]); !prints(byte)) {
      signs.unprintable = true;
    } else if (byte >= 0x80) {
      signs.stray = true;
    }
    text.remove_prefix(c.bytes);
  }
  return signs;
}

void append_windows_1252(std::string& text, std::string_view bytes) {
  for (const char c : bytes) append_utf8(text, code_of(static_cast<unsigned char>(c)));
}

std::string to_windows_1252(std::string_view utf8) {
  std::string bytes;
  while (!utf8.empty()) {
    const Utf8Character c = first_utf8(utf8);
    const auto* const at = std::ranges::find(upper_controls, c.code);
    if (c.valid && c.code >= 0xa0 && c.code < 0x100) {
      bytes += static_cast<char>(c.code);
    } else if (c.valid && c.code != unknown && at != upper_controls.end()) {
      bytes += static_cast<char>(0x80 + (at - upper_controls.begin()));
    } else {
      bytes += utf8.substr(0, c.bytes);
    }
    utf8.remove_prefix(c.bytes);
  }
  return bytes;
}

}  // namespace pool3
