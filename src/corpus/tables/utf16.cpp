#include "corpus/tables/utf16.hpp"

#include "pool3/text/utf8.hpp"

namespace pool3::corpus {
namespace {

constexpr std::uint32_t replacement = 0xFFFD;

bool is_high(std::uint32_t unit) { return unit >= 0xD800 && unit < 0xDC00; }
bool is_low(std::uint32_t unit) { return unit >= 0xDC00 && unit < 0xE000; }

}  // namespace

void Utf16::unit(std::uint32_t value, std::string& text) {
  if (high_ != 0 && is_low(value)) {
    append_utf8(text, 0x10000 + ((high_ - 0xD800) << 10U) + (value - 0xDC00));
    high_ = 0;
    return;
  }
  if (high_ != 0) append_utf8(text, replacement);
  high_ = is_high(value) ? value : 0;
  if (high_ == 0) append_utf8(text, is_low(value) ? replacement : value);
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
