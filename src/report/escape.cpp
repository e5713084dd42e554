#include <nlohmann/json.hpp>

#include "pool3/report.hpp"

namespace pool3 {

std::string escaped(const std::string& text) {
  // The JSON library checks UTF-8; its replacement character tells what was wrong.
  const std::string dumped = nlohmann::json(text).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
  std::string out;
  for (const char c : nlohmann::json::parse(dumped).get<std::string>()) {
    if (c == '&') {
      out += "&amp;";
    } else if (c == '<') {
      out += "&lt;";
    } else if (c == '>') {
      out += "&gt;";
    } else if (c == '"') {
      out += "&quot;";
    } else {
      out += static_cast<unsigned char>(c) < 32 || c == 127 ? '?' : c;
    }
  }
  return out;
}

}  // namespace pool3
