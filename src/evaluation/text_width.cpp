#include "evaluation/text_width.hpp"

#include <algorithm>

namespace pool3::evaluation {

std::size_t length(const std::string& text) {
  return static_cast<std::size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U; }));
}

std::string pad_left(const std::string& text, std::size_t width) {
  const std::size_t have = length(text);
  return std::string(width > have ? width - have : 0, ' ') + text;
}

}  // namespace pool3::evaluation
