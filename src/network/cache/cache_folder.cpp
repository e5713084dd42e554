#include "network/cache/cache_folder.hpp"

#include <cstdlib>
#include <string>

namespace pool3::network {
namespace {

std::string variable(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

}  // namespace

std::optional<std::filesystem::path> cache_folder() {
  using std::filesystem::path;
  const std::string own = variable("POOL3_CACHE"), user = variable("XDG_CACHE_HOME"), home = variable("HOME");
  if (own == "off") return {};
  if (!own.empty()) return path(own);
  if (user.starts_with('/')) return path(user) / "pool3";  // the standard says to pass over relative ones
  if (!home.empty()) return path(home) / ".cache" / "pool3";
  return {};
}

}  // namespace pool3::network
