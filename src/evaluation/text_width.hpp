#pragma once
// Columns of text that people read.

#include <cstddef>
#include <string>

namespace pool3::evaluation {

/// Characters of a UTF-8 text, as Python counts them.
[[nodiscard]] std::size_t length(const std::string& text);
[[nodiscard]] std::string pad_left(const std::string& text, std::size_t width);

}  // namespace pool3::evaluation
