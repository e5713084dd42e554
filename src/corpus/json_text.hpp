#pragma once
// Values of JSON as labels and fields. Private to the room.

#include <cmath>
#include <nlohmann/json.hpp>
#include <string>

#include "corpus/file_names.hpp"

namespace pool3::corpus {

/// Text, a number or a truth, without blanks around it. A number that is whole is written without its point. "" for a
/// list, an object and null.
[[nodiscard]] inline std::string text_of_json(const nlohmann::json& value) {
  constexpr double most_whole = 9007199254740992.0;  // 2^53
  if (value.is_string()) return trimmed(value.get_ref<const std::string&>());
  if (value.is_number_float()) {
    const double number = value.get<double>();
    if (std::abs(number) <= most_whole && number == std::floor(number)) return std::to_string(std::llround(number));
  }
  return value.is_number() || value.is_boolean() ? value.dump() : std::string();
}

}  // namespace pool3::corpus
