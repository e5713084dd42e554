#include "setup/input_name.hpp"

#include <string_view>

namespace pool3::jobs {
namespace {

constexpr std::string_view fast_suffix = ", fast-decode";

}  // namespace

std::string to_string(const InputName& name) {
  return name.profile + std::string(name.fast_decode ? fast_suffix : std::string_view());
}

InputName parse_input_name(const std::string& text) {
  if (!text.ends_with(fast_suffix)) return {text};
  return {text.substr(0, text.size() - fast_suffix.size()), true};
}

}  // namespace pool3::jobs
