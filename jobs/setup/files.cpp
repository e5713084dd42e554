#include "setup/files.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <filesystem>

#include "pool3/corpus.hpp"
#include "pool3/error.hpp"
#include "pool3/image.hpp"

namespace pool3::jobs {

std::vector<std::byte> read_file(const std::string& path) try {
  return EntryReader({}, largest_file({})).read(path);
} catch (const ReadError& error) {
  throw ImageError(error.status(), error.what());
}

void replace_file(const std::string& path, const std::string& text, const std::string& stage) {
  const std::string temporary = path + ".tmp";
  const auto fail = [&](int number) {
    throw file_error(stage, path, number, "check the folder and the space on its disk");
  };
  const int fd = open(temporary.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  if (fd < 0) fail(errno);
  std::size_t have = 0;
  int error = 0;
  while (error == 0 && have < text.size()) {
    const ssize_t n = write(fd, text.data() + have, text.size() - have);
    if (n >= 0) have += static_cast<std::size_t>(n);
    if (n < 0 && errno != EINTR) error = errno;
  }
  if (error == 0 && fsync(fd) != 0) error = errno;
  if (close(fd) != 0 && error == 0) error = errno;
  if (error == 0 && std::rename(temporary.c_str(), path.c_str()) != 0) error = errno;
  if (error == 0) return;
  unlink(temporary.c_str());
  fail(error);
}

void make_folder(const std::string& path, const std::string& stage) {
  std::error_code error;
  std::filesystem::create_directories(path, error);
  if (error) throw Error({.stage = stage, .path = path, .cause = "can't make this folder: " + error.message()});
}

void check_output(const std::string& path, const std::string& stage) {
  const std::filesystem::path folder = std::filesystem::path(path).parent_path();
  std::error_code ignored;
  if (std::filesystem::is_directory(path, ignored))
    throw Error({.stage = stage, .path = path, .cause = "is a folder", .advice = "give a file name to --out"});
  if (access(folder.empty() ? "." : folder.c_str(), W_OK | X_OK) != 0)
    throw file_error(stage, path, errno, "check the folder that --out is in");
}

}  // namespace pool3::jobs
