#pragma once
// JavaScript object literals, as minifiers write them, turned into JSON.

#include <stdexcept>
#include <string>
#include <string_view>

namespace pool3 {

/// Why a literal was refused, and where.
class JsLiteralError : public std::runtime_error {
 public:
  JsLiteralError(const std::string& cause, std::size_t offset)
      : std::runtime_error(cause + " at byte " + std::to_string(offset)) {}
};

/// JSON of the literal that `text` begins with; what follows it is ignored. Takes objects with bare, quoted or
/// whole-number keys, arrays, strings in either quotes, decimal numbers (".5" and "5." too), !0, !1, true, false
/// and null. Nothing is run. Throws JsLiteralError for anything else, and for nesting deeper than 64.
[[nodiscard]] std::string js_literal_to_json(std::string_view text);

}  // namespace pool3
