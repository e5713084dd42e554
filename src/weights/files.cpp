#include "weights/files.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <cstdio>

#include "weights/weights_error.hpp"

namespace pool3 {
namespace {

constexpr std::int64_t largest_file_bytes = std::int64_t{4} << 30U;
constexpr std::size_t piece_bytes = std::size_t{1} << 24U;

/// Owns a file descriptor. Move is not needed.
class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  ~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  [[nodiscard]] int get() const { return fd_; }

 private:
  int fd_;
};

std::size_t regular_file_size(int fd, const std::string& path) {
  struct stat status = {};
  if (::fstat(fd, &status) != 0) throw file_error("read weights", path, errno);
  if (!S_ISREG(status.st_mode)) throw weights_error(path, "not a regular file");
  if (status.st_size > largest_file_bytes) throw weights_error(path, "too large for a weights file");
  return static_cast<std::size_t>(status.st_size);
}

void write_all(int fd, std::string_view bytes, const std::string& path) {
  while (!bytes.empty()) {
    const ssize_t count = ::write(fd, bytes.data(), std::min(bytes.size(), piece_bytes));
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) throw file_error("write weights", path, errno);
    bytes.remove_prefix(static_cast<std::size_t>(count));
  }
}

void write_and_sync(const std::string& path, std::span<const std::string_view> parts) {
  const Descriptor file(::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666));
  if (file.get() < 0) throw file_error("write weights", path, errno, "check that the folder exists and is writable");
  for (const std::string_view part : parts) write_all(file.get(), part, path);
  if (::fsync(file.get()) != 0) throw file_error("write weights", path, errno);
}

}  // namespace

std::string read_whole_file(const std::string& path) {
  const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (file.get() < 0) throw file_error("read weights", path, errno, "check the path given with --weights");
  std::string bytes(regular_file_size(file.get(), path), '\0');
  for (std::size_t done = 0; done < bytes.size();) {
    const ssize_t count = ::read(file.get(), bytes.data() + done, std::min(bytes.size() - done, piece_bytes));
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) throw file_error("read weights", path, errno);
    if (count == 0) throw weights_error(path, "the file became shorter while it was read");
    done += static_cast<std::size_t>(count);
  }
  return bytes;
}

void write_whole_file(const std::string& path, std::span<const std::string_view> parts) {
  const std::string temporary = path + "." + std::to_string(::getpid()) + ".partial";
  try {
    write_and_sync(temporary, parts);
    if (std::rename(temporary.c_str(), path.c_str()) != 0) throw file_error("write weights", path, errno);
  } catch (...) {
    ::unlink(temporary.c_str());
    throw;
  }
}

}  // namespace pool3
