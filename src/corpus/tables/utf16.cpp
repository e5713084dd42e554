#include "corpus/tables/utf16.hpp"

namespace pool3::corpus {
namespace {

constexpr std::uint32_t replacement = 0xFFFD;

void put(std::uint32_t code, std::string& text) {
  const auto tail = [&](unsigned shift) { text += static_cast<char>(0x80U | (code >> shift & 0x3FU)); };
  if (code < 0x80) {
    text += static_cast<char>(code);
  } else if (code < 0x800) {
    text += static_cast<char>(0xC0U | code >> 6U);
    tail(0);
  } else if (code < 0x10000) {
    text += static_cast<char>(0xE0U | code >> 12U);
    tail(6);
    tail(0);
  } else {
    text += static_cast<char>(0xF0U | code >> 18U);
    tail(12);
    tail(6);
    tail(0);
  }
}

bool is_high(std::uint32_t unit) { return unit >= 0xD800 && unit < 0xDC00; }
bool is_low(std::uint32_t unit) { return unit >= 0xDC00 && unit < 0xE000; }

}  // namespace

void Utf16::unit(std::uint32_t value, std::string& text) {
  if (high_ != 0 && is_low(value)) {
    put(0x10000 + ((high_ - 0xD800) << 10U) + (value - 0xDC00), text);
    high_ = 0;
    return;
  }
  if (high_ != 0) put(replacement, text);
  high_ = is_high(value) ? value : 0;
  if (high_ == 0) put(is_low(value) ? replacement : value, text);
}

void Utf16::add(std::string_view bytes, std::string& text) {
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    if (has_byte_) {
      const std::uint32_t first = byte_, second = byte;
      unit(little_ ? second << 8U | first : first << 8U | second, text);
    } else {
      byte_ = byte;
    }
    has_byte_ = !has_byte_;
  }
}

}  // namespace pool3::corpus
