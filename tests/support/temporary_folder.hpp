#pragma once
// A folder for the files of a test.

#include <stdlib.h>  // NOLINT(modernize-deprecated-headers): mkdtemp is POSIX's

#include <cerrno>
#include <filesystem>
#include <string>
#include <system_error>

#include "support/slurp.hpp"

namespace pool3::test {

/// A folder of its own, gone with its owner.
class TemporaryFolder {
 public:
  TemporaryFolder() {
    path_ = (std::filesystem::canonical(std::filesystem::temp_directory_path()) / "pool3_test_XXXXXX").string();
    if (::mkdtemp(path_.data()) == nullptr) throw std::system_error(errno, std::generic_category(), path_);
  }
  ~TemporaryFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;

  /// Its path, or that of a file in it.
  [[nodiscard]] std::string path(const std::string& name = {}) const { return name.empty() ? path_ : *this / name; }
  [[nodiscard]] std::string operator/(const std::string& name) const { return path_ + "/" + name; }
  /// Writes a file, and the folders above it. Its path, which callers may know.
  // NOLINTNEXTLINE(modernize-use-nodiscard)
  std::string write(const std::string& name, const std::string& bytes) const {
    std::filesystem::create_directories(std::filesystem::path(*this / name).parent_path());
    spit(*this / name, bytes);
    return *this / name;
  }

 private:
  std::string path_;
};

}  // namespace pool3::test
