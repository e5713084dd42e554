#pragma once
// Characters to UTF-8.

#include <cstdint>
#include <string>

namespace pool3 {

/// Adds the character `code` of Unicode to `text`, in one to four bytes (RFC 3629, section 3). Does not check it.
void append_utf8(std::string& text, std::uint32_t code);

}  // namespace pool3
