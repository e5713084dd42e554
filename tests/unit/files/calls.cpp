#include "unit/files/calls.hpp"

#include <dlfcn.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>

namespace pool3::test {

Calls& calls() {
  static Calls calls;
  return calls;
}

namespace {

std::string path_of(int fd) {
  std::array<char, 4096> path{};
  const std::string link = "/proc/self/fd/" + std::to_string(fd);
  return readlink(link.c_str(), path.data(), path.size() - 1) > 0 ? path.data() : "";
}

template <typename Function>
Function* next(const char* name) {
  return reinterpret_cast<Function*>(dlsym(RTLD_NEXT, name));
}

int failed(int number) {
  errno = number;
  return -1;
}

}  // namespace
}  // namespace pool3::test

using pool3::test::calls;

// A program's own functions come before those of the C library.
extern "C" {

int fsync(int fd) {
  calls().record.push_back("fsync " + pool3::test::path_of(fd));
  return calls().fsync_errno != 0 ? pool3::test::failed(calls().fsync_errno) : pool3::test::next<int(int)>("fsync")(fd);
}

int rename(const char* from, const char* to) noexcept {
  calls().record.push_back(std::string("rename ") + from + " " + to);
  if (calls().rename_errno != 0) return pool3::test::failed(calls().rename_errno);
  return pool3::test::next<int(const char*, const char*)>("rename")(from, to);
}

ssize_t pwrite(int fd, const void* bytes, size_t size, off_t offset) {
  const auto real = pool3::test::next<ssize_t(int, const void*, size_t, off_t)>("pwrite");
  if (calls().pwrite_errno == 0) return real(fd, bytes, size, offset);
  return size < 2 ? pool3::test::failed(calls().pwrite_errno) : real(fd, bytes, size / 2, offset);
}
}
