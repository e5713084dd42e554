#pragma once
// Whole files as strings.

#include <fstream>
#include <iterator>
#include <stdexcept>
#include <string>

namespace pool3::test {

/// The bytes of a file.
inline std::string slurp(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) throw std::runtime_error("can't read " + path);
  return {std::istreambuf_iterator<char>(file), {}};
}

/// Makes these the bytes of a file.
inline void spit(const std::string& path, const std::string& bytes) {
  std::ofstream file(path, std::ios::binary | std::ios::trunc);
  file << bytes;
  if (!file.flush()) throw std::runtime_error("can't write " + path);
}

}  // namespace pool3::test
