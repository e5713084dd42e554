#include "image/free_memory.hpp"

#include <algorithm>
#include <fstream>
#include <limits>
#include <string>

namespace pool3::image {
namespace {

constexpr std::int64_t unknown = std::numeric_limits<std::int64_t>::max();

std::int64_t free_of_system() {
  std::ifstream file("/proc/meminfo");
  std::string name, unit;
  for (std::int64_t kib = 0; file >> name >> kib; std::getline(file, unit))
    if (name == "MemAvailable:") return kib * 1024;
  return unknown;
}

/// The number in a file of the process's cgroup, version 2; `unknown` for "max" or none.
std::int64_t number_in(const std::string& path) {
  std::ifstream file(path);
  std::int64_t value = 0;
  return file >> value ? value : unknown;
}

std::int64_t free_of_cgroup() {
  std::ifstream file("/proc/self/cgroup");
  std::string line;
  while (std::getline(file, line) && !line.starts_with("0::")) continue;
  if (!line.starts_with("0::")) return unknown;
  std::int64_t least = unknown;
  std::string path = line.substr(3);
  // The groups above have limits too.
  for (; path.size() > 1; path.resize(path.rfind('/'))) {
    const std::string folder = "/sys/fs/cgroup" + path;
    const std::int64_t most = number_in(folder + "/memory.max");
    const std::int64_t used = number_in(folder + "/memory.current");
    if (most != unknown && used != unknown) least = std::min(least, std::max<std::int64_t>(most - used, 0));
  }
  return least;
}

}  // namespace

std::int64_t free_memory() { return std::min(free_of_system(), free_of_cgroup()); }

}  // namespace pool3::image
