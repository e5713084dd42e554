#include "pool3/text/utf8.hpp"

namespace pool3 {

void append_utf8(std::string& text, std::uint32_t code) {
  if (code < 0x80) {
    text += static_cast<char>(code);
  } else if (code < 0x800) {
    text += {static_cast<char>(0xC0U | code >> 6U), static_cast<char>(0x80U | (code & 0x3FU))};
  } else if (code < 0x10000) {
    text += {static_cast<char>(0xE0U | code >> 12U), static_cast<char>(0x80U | (code >> 6U & 0x3FU)),
             static_cast<char>(0x80U | (code & 0x3FU))};
  } else {
    text += {static_cast<char>(0xF0U | (code >> 18U & 7U)), static_cast<char>(0x80U | (code >> 12U & 0x3FU)),
             static_cast<char>(0x80U | (code >> 6U & 0x3FU)), static_cast<char>(0x80U | (code & 0x3FU))};
  }
}

}  // namespace pool3
