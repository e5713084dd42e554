#pragma once
// Parts of a request's first line and headers. Pure functions.

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace pool3::server {

/// "/a/b?x=1&y=%20" in parts.
struct Target {
  std::string path;                                        ///< as it came
  std::vector<std::pair<std::string, std::string>> query;  ///< decoded
};
[[nodiscard]] Target parse_target(std::string_view target);

/// The name in "name:port", "name", "[::1]:port"; brackets stay; lower case.
[[nodiscard]] std::string host_name(std::string_view host);
/// True for the name of a host in numbers: "10.0.0.7", "[::1]".
[[nodiscard]] bool is_address(std::string_view name);
/// The part "host:port" of "http://host:port", or "" for what is not of that form.
[[nodiscard]] std::string origin_host(std::string_view origin);

}  // namespace pool3::server
