#pragma once
// Bytes in text.

#include <span>
#include <string>
#include <string_view>

namespace pool3::report {

[[nodiscard]] std::string base64(std::string_view bytes);

/// The bytes of plain numbers, as this machine has them: little-endian.
template <typename T>
[[nodiscard]] std::string base64_of(std::span<const T> values) {
  return base64({reinterpret_cast<const char*>(values.data()), values.size_bytes()});
}

/// As a Content-Security-Policy names a script or a style: 'sha256-...'.
[[nodiscard]] std::string policy_hash(std::string_view text);

}  // namespace pool3::report
