#pragma once
// Raw numbers in files, for programs that tests run.

#include <fstream>
#include <string>
#include <vector>

#include "pool3/error.hpp"

namespace pool3::test {

/// All of a file, as the machine's numbers. Throws usage Error.
template <typename T>
std::vector<T> read_numbers(const std::string& path) {
  std::ifstream file(path, std::ios::binary | std::ios::ate);
  std::vector<T> values(file ? static_cast<std::size_t>(file.tellg()) / sizeof(T) : 0);
  file.seekg(0);
  file.read(reinterpret_cast<char*>(values.data()), static_cast<std::streamsize>(values.size() * sizeof(T)));
  if (!file) throw usage_error("can't read " + path);
  return values;
}

}  // namespace pool3::test
