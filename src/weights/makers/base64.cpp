#include "weights/makers/base64.hpp"

#include <array>
#include <cstdint>

namespace pool3 {
namespace {

constexpr std::uint8_t bad = 255;

constexpr std::array<std::uint8_t, 256> make_table() {
  std::array<std::uint8_t, 256> table = {};
  table.fill(bad);
  constexpr std::string_view digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  for (std::size_t i = 0; i < digits.size(); ++i) {
    table[static_cast<unsigned char>(digits[i])] = static_cast<std::uint8_t>(i);
  }
  return table;
}

constexpr std::array<std::uint8_t, 256> digit_values = make_table();

}  // namespace

std::optional<std::string> decode_base64(std::string_view text) {
  if (text.size() % 4 != 0) return std::nullopt;
  const std::size_t padding = text.ends_with("==") ? 2 : text.ends_with('=') ? 1 : 0;
  text.remove_suffix(padding);
  std::string bytes;
  bytes.reserve(text.size() / 4 * 3 + 2);
  std::uint32_t word = 0;
  unsigned bits = 0;
  for (const char c : text) {
    const std::uint8_t value = digit_values[static_cast<unsigned char>(c)];
    if (value == bad) return std::nullopt;
    word = (word << 6U) | value;
    bits += 6;
    if (bits >= 8) {
      bits -= 8;
      bytes += static_cast<char>((word >> bits) & 0xffU);
    }
  }
  if ((word & ((1U << bits) - 1U)) != 0) return std::nullopt;
  return bytes;
}

}  // namespace pool3
