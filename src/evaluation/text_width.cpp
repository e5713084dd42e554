#include "evaluation/text_width.hpp"

#include <algorithm>

#include "pool3/text/utf8.hpp"

namespace pool3::evaluation {

std::size_t length(const std::string& text) {
  return text.size() - static_cast<std::size_t>(std::ranges::count_if(text, goes_on_utf8));
}

std::string pad_left(const std::string& text, std::size_t width) {
  const std::size_t have = length(text);
  return std::string(width > have ? width - have : 0, ' ') + text;
}

}  // namespace pool3::evaluation
