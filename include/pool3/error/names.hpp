#pragma once
// Names of files and classes in JSON that is read again.

#include <string>

namespace pool3 {

/// The text that utf8_text() of error.hpp has made `utf8` of. What it can't have made stays.
[[nodiscard]] std::string text_of_utf8(const std::string& utf8);

}  // namespace pool3
