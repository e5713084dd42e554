#pragma once
// Base64 (RFC 4648), strict.

#include <optional>
#include <string>
#include <string_view>

namespace pool3 {

/// The bytes that `text` stands for, or nothing if it isn't canonical base64: a wrong character, a wrong length,
/// wrong padding, or bits left over that are not zero.
[[nodiscard]] std::optional<std::string> decode_base64(std::string_view text);

}  // namespace pool3
