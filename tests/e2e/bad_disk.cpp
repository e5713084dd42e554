// Loaded before the C library: a disk that fails. Reading a file whose name holds " eio." gives EIO, as a network file
// system does when its server is lost; a file whose name holds " vanish." is there, but can't be opened any more.
// Opening one whose name holds " slow." takes a second, whatever the machine, until there is the file that
// POOL3_TEST_QUICK names; one whose name holds " held." waits for that file, and without it for ever.

#include <dlfcn.h>
#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <climits>
#include <cstdarg>
#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace {

bool is_on_bad_disk(int file) {
  std::array<char, 64> link{};
  std::array<char, PATH_MAX> path{};
  std::snprintf(link.data(), link.size(), "/proc/self/fd/%d", file);
  return readlink(link.data(), path.data(), path.size() - 1) > 0 && std::strstr(path.data(), " eio.") != nullptr;
}

template <typename Function>
Function* next(const char* name) {
  return reinterpret_cast<Function*>(dlsym(RTLD_NEXT, name));
}

int fail(int number) {
  errno = number;
  return -1;
}

bool is_quick_now() {
  static const char* const file = std::getenv("POOL3_TEST_QUICK");
  return file != nullptr && access(file, F_OK) == 0;
}

void take_time(const char* path) {
  constexpr int step_microseconds = 20'000, second = 1'000'000;
  const bool is_held = std::strstr(path, " held.") != nullptr;
  if (!is_held && std::strstr(path, " slow.") == nullptr) return;
  for (int waited = 0; (is_held || waited < second) && !is_quick_now(); waited += step_microseconds)
    usleep(step_microseconds);
}

}  // namespace

extern "C" {

__attribute__((visibility("default"))) ssize_t pread(int file, void* buffer, size_t bytes, off_t offset) {
  if (is_on_bad_disk(file)) return fail(EIO);
  return next<ssize_t(int, void*, size_t, off_t)>("pread")(file, buffer, bytes, offset);
}

__attribute__((visibility("default"))) ssize_t pread64(int file, void* buffer, size_t bytes, off_t offset) {
  return pread(file, buffer, bytes, offset);
}

__attribute__((visibility("default"))) int open(const char* path, int flags, ...) {
  if (std::strstr(path, " vanish.") != nullptr) return fail(ENOENT);
  take_time(path);
  va_list arguments;
  va_start(arguments, flags);
  const mode_t mode = (flags & (O_CREAT | O_TMPFILE)) != 0 ? va_arg(arguments, mode_t) : 0;
  va_end(arguments);
  return next<int(const char*, int, ...)>("open")(path, flags, mode);
}

__attribute__((visibility("default"))) int open64(const char* path, int flags, ...) {
  va_list arguments;
  va_start(arguments, flags);
  const mode_t mode = (flags & (O_CREAT | O_TMPFILE)) != 0 ? va_arg(arguments, mode_t) : 0;
  va_end(arguments);
  return open(path, flags, mode);
}
}
