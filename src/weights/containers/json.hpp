#pragma once
// JSON of a weights file, parsed within limits.

#include <cstddef>
#include <nlohmann/json.hpp>
#include <string_view>

namespace pool3::weights {

/// Far more than any network needs. They bound the time and the memory that a hostile text can take.
struct JsonLimits {
  std::size_t bytes = 100'000'000;  ///< as safetensors has it for its header
  std::size_t depth = 128;          ///< of objects and arrays in each other: as safetensors' own reader has it
  std::size_t values = 2'000'000;   ///< with those inside others: numbers, texts, objects, arrays
};

/// In time that grows with the text alone. Throws FormatError that begins with `what` ("the header"): no JSON, a key
/// twice in one object, as the two would hide each other, or more than `limits`.
[[nodiscard]] nlohmann::json parse_json(std::string_view text, std::string_view what, const JsonLimits& limits = {});

}  // namespace pool3::weights
