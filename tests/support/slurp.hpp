#pragma once
// Whole files as strings, or as numbers.

#include <fstream>
#include <iterator>
#include <stdexcept>
#include <string>
#include <vector>

namespace pool3::test {

/// The bytes of a file.
inline std::string slurp(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) throw std::runtime_error("can't read " + path);
  return {std::istreambuf_iterator<char>(file), {}};
}

/// All of a file, as the machine's numbers. Bytes behind the last whole one are left out.
template <typename T>
std::vector<T> read_numbers(const std::string& path) {
  std::ifstream file(path, std::ios::binary | std::ios::ate);
  std::vector<T> numbers(file ? static_cast<std::size_t>(file.tellg()) / sizeof(T) : 0);
  file.seekg(0);
  file.read(reinterpret_cast<char*>(numbers.data()), static_cast<std::streamsize>(numbers.size() * sizeof(T)));
  if (!file) throw std::runtime_error("can't read " + path);
  return numbers;
}

/// Makes these the bytes of a file.
inline void spit(const std::string& path, const std::string& bytes) {
  std::ofstream file(path, std::ios::binary | std::ios::trunc);
  file << bytes;
  if (!file.flush()) throw std::runtime_error("can't write " + path);
}

}  // namespace pool3::test
