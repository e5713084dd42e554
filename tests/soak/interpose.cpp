// A library for LD_PRELOAD that makes a program die or fail at a chosen file operation. For tests alone.
//
//   POOL3_TEST_MATCH   only operations on files whose path contains this count
//   POOL3_TEST_RANK    only in this MPI rank; any if not set
//   POOL3_TEST_KILL_AT   SIGKILL just before the n-th operation (pwrite, write, ftruncate, fallocate, fsync, ...)
//   POOL3_TEST_KILL_FROM ... counted from the first one on a file whose path contains this
//   POOL3_TEST_KILL_RENAMED   SIGKILL just after a file got this path
//   POOL3_TEST_STOP_RENAMED   ... SIGSTOP, the first time
//   POOL3_TEST_FAIL_AT   the n-th pwrite or fallocate and all after it fail ...
//   POOL3_TEST_ERRNO     ... with this errno
//   POOL3_TEST_FAIL_ON   ... counted on files whose path contains this, and only there
//   POOL3_TEST_TRACE   a line for each file that is opened for reading below POOL3_TEST_TRACE_OF goes here
//   POOL3_TEST_CLOCK   the node's clock goes so many seconds ahead of that of the file system
//   POOL3_TEST_NO_LOCKS  locks of files fail as on a file system that has none

#include <dlfcn.h>
#include <fcntl.h>
#include <sys/types.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstdarg>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <string>

namespace {

const char* setting(const char* name) {
  const char* value = std::getenv(name);
  return value != nullptr && *value != '\0' ? value : nullptr;
}

long number(const char* name) {
  const char* value = setting(name);
  return value == nullptr ? 0 : std::strtol(value, nullptr, 10);
}

bool is_chosen_rank() {
  const char* wanted = setting("POOL3_TEST_RANK");
  const char* rank = std::getenv("OMPI_COMM_WORLD_RANK");
  return wanted == nullptr || std::strcmp(wanted, rank == nullptr ? "0" : rank) == 0;
}

std::atomic<bool> counting{setting("POOL3_TEST_KILL_FROM") == nullptr};

bool matches(const char* path) {
  static const char* const wanted = setting("POOL3_TEST_MATCH");
  static const char* const from = setting("POOL3_TEST_KILL_FROM");
  static const bool chosen = is_chosen_rank();
  if (!chosen || wanted == nullptr || std::strstr(path, wanted) == nullptr) return false;
  if (from != nullptr && std::strstr(path, from) != nullptr) counting = true;
  return true;
}

std::string path_of(int fd) {
  std::array<char, 4096> path{};
  const std::string link = "/proc/self/fd/" + std::to_string(fd);
  return readlink(link.c_str(), path.data(), path.size() - 1) > 0 ? path.data() : "";
}

bool matches(int fd) {
  const std::string path = path_of(fd);
  return !path.empty() && matches(path.c_str());
}

void count_operation() {
  static const long kill_at = number("POOL3_TEST_KILL_AT");
  static std::atomic<long> operations{0};
  if (counting && ++operations == kill_at) kill(getpid(), SIGKILL);
}

/// True if this write is to fail; errno is set.
bool write_fails(int fd) {
  static const char* const on = setting("POOL3_TEST_FAIL_ON");
  if (on != nullptr && path_of(fd).find(on) == std::string::npos) return false;
  static const long fail_at = number("POOL3_TEST_FAIL_AT");
  static const int error = static_cast<int>(number("POOL3_TEST_ERRNO"));
  static std::atomic<long> writes{0};
  if (fail_at == 0 || ++writes < fail_at) return false;
  errno = error;
  return true;
}

template <typename Function>
Function* next(const char* name) {
  return reinterpret_cast<Function*>(dlsym(RTLD_NEXT, name));
}

void trace(const char* path, int flags) {
  const char* file = setting("POOL3_TEST_TRACE");
  const char* below = setting("POOL3_TEST_TRACE_OF");
  if (file == nullptr || below == nullptr || (flags & O_ACCMODE) != O_RDONLY || std::strstr(path, below) == nullptr)
    return;
  static const auto real_open = next<int(const char*, int, ...)>("open");
  static const auto real_write = next<ssize_t(int, const void*, size_t)>("write");
  static const int fd = real_open(file, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0644);
  const std::string line = std::string(path) + "\n";
  static_cast<void>(!real_write(fd, line.data(), line.size()));
}

ssize_t checked_pwrite(const char* name, int fd, const void* bytes, size_t size, off_t offset) {
  const auto real = next<ssize_t(int, const void*, size_t, off_t)>(name);
  if (matches(fd)) {
    count_operation();
    if (write_fails(fd)) return -1;
  }
  return real(fd, bytes, size, offset);
}

int checked_open(const char* name, const char* path, int flags, mode_t mode) {
  const auto real = next<int(const char*, int, ...)>(name);
  trace(path, flags);
  return real(path, flags, mode);
}

int checked_fcntl(const char* name, int fd, int command, void* argument) {
  const auto real = next<int(int, int, ...)>(name);
  if (command == F_OFD_SETLK && setting("POOL3_TEST_NO_LOCKS") != nullptr) {
    errno = ENOLCK;
    return -1;
  }
  return real(fd, command, argument);
}

}  // namespace

extern "C" {

ssize_t pwrite(int fd, const void* bytes, size_t size, off_t offset) {
  return checked_pwrite("pwrite", fd, bytes, size, offset);
}
ssize_t pwrite64(int fd, const void* bytes, size_t size, off_t offset) {
  return checked_pwrite("pwrite64", fd, bytes, size, offset);
}
ssize_t write(int fd, const void* bytes, size_t size) {
  if (matches(fd)) count_operation();
  return next<ssize_t(int, const void*, size_t)>("write")(fd, bytes, size);
}
int ftruncate(int fd, off_t size) noexcept {
  if (matches(fd)) count_operation();
  return next<int(int, off_t)>("ftruncate")(fd, size);
}
int ftruncate64(int fd, off_t size) noexcept {
  if (matches(fd)) count_operation();
  return next<int(int, off_t)>("ftruncate64")(fd, size);
}
int fallocate(int fd, int mode, off_t offset, off_t size) {
  if (matches(fd)) {
    count_operation();
    if (write_fails(fd)) return -1;
  }
  return next<int(int, int, off_t, off_t)>("fallocate")(fd, mode, offset, size);
}
int fallocate64(int fd, int mode, off_t offset, off_t size) { return fallocate(fd, mode, offset, size); }
int fsync(int fd) {
  if (matches(fd)) count_operation();
  return next<int(int)>("fsync")(fd);
}
int rename(const char* from, const char* to) noexcept {
  if (matches(from) || matches(to)) count_operation();
  const int result = next<int(const char*, const char*)>("rename")(from, to);
  const char* last = setting("POOL3_TEST_KILL_RENAMED");
  if (last != nullptr && std::strcmp(to, last) == 0) kill(getpid(), SIGKILL);
  const char* stop = setting("POOL3_TEST_STOP_RENAMED");
  static std::atomic<bool> stopped{false};
  if (stop != nullptr && std::strcmp(to, stop) == 0 && !stopped.exchange(true)) kill(getpid(), SIGSTOP);
  return result;
}
int unlink(const char* path) noexcept {
  if (matches(path)) count_operation();
  return next<int(const char*)>("unlink")(path);
}
int open(const char* path, int flags, ...) {
  va_list arguments;
  va_start(arguments, flags);
  const mode_t mode = va_arg(arguments, mode_t);
  va_end(arguments);
  return checked_open("open", path, flags, mode);
}
int open64(const char* path, int flags, ...) {
  va_list arguments;
  va_start(arguments, flags);
  const mode_t mode = va_arg(arguments, mode_t);
  va_end(arguments);
  return checked_open("open64", path, flags, mode);
}
time_t time(time_t* out) noexcept {
  const time_t now = next<time_t(time_t*)>("time")(nullptr) + number("POOL3_TEST_CLOCK");
  if (out != nullptr) *out = now;
  return now;
}
int fcntl(int fd, int command, ...) {
  va_list arguments;
  va_start(arguments, command);
  void* argument = va_arg(arguments, void*);
  va_end(arguments);
  return checked_fcntl("fcntl", fd, command, argument);
}
int fcntl64(int fd, int command, ...) {
  va_list arguments;
  va_start(arguments, command);
  void* argument = va_arg(arguments, void*);
  va_end(arguments);
  return checked_fcntl("fcntl64", fd, command, argument);
}

}  // extern "C"
