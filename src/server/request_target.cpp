#include "server/request_target.hpp"

#include <algorithm>
#include <boost/asio/ip/address.hpp>
#include <cctype>

namespace pool3::server {
namespace {

int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

/// Percent codes and plus signs become characters; what is no code stays.
std::string decoded(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool code =
        text[i] == '%' && i + 2 < text.size() && hex_value(text[i + 1]) >= 0 && hex_value(text[i + 2]) >= 0;
    if (code) {
      out += static_cast<char>(hex_value(text[i + 1]) * 16 + hex_value(text[i + 2]));
      i += 2;
    } else {
      out += text[i] == '+' ? ' ' : text[i];
    }
  }
  return out;
}

}  // namespace

Target parse_target(std::string_view target) {
  const std::size_t mark = std::min(target.find('?'), target.size());
  Target parts{.path = std::string(target.substr(0, mark)), .query = {}};
  std::string_view rest = mark < target.size() ? target.substr(mark + 1) : std::string_view();
  while (!rest.empty()) {
    const std::size_t end = std::min(rest.find('&'), rest.size());
    const std::string_view pair = rest.substr(0, end);
    const std::size_t equals = std::min(pair.find('='), pair.size());
    if (!pair.empty())
      parts.query.emplace_back(decoded(pair.substr(0, equals)),
                               equals < pair.size() ? decoded(pair.substr(equals + 1)) : std::string());
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  return parts;
}

std::string host_name(std::string_view host) {
  const std::size_t after = host.starts_with('[') ? host.find(']') : 0;
  const std::size_t colon = host.find(':', after == std::string_view::npos ? 0 : after);
  std::string name(host.substr(0, colon));
  std::ranges::transform(name, name.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return name;
}

bool is_address(std::string_view name) {
  boost::system::error_code ec;
  if (name.starts_with('[') && name.ends_with(']')) {
    boost::asio::ip::make_address_v6(std::string(name.substr(1, name.size() - 2)), ec);
  } else {
    boost::asio::ip::make_address_v4(std::string(name), ec);
  }
  return !ec;
}

std::string origin_host(std::string_view origin) {
  for (const std::string_view scheme : {"http://", "https://"})
    if (origin.starts_with(scheme)) return std::string(origin.substr(scheme.size()));
  return {};
}

}  // namespace pool3::server
