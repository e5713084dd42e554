#pragma once
// What feature files call the way from file to network input.

#include <string>

namespace pool3::jobs {

/// The profile, and whether JPEG is decoded fast.
struct InputName {
  std::string profile;
  bool fast_decode = false;
};
[[nodiscard]] std::string to_string(const InputName& name);
[[nodiscard]] InputName parse_input_name(const std::string& text);

}  // namespace pool3::jobs
