#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "pool3/files.hpp"

namespace pool3 {
namespace {

constexpr const char* advice = "remove it, or write to another folder";

/// What the kernel refuses with fs.protected_regular = 2, on every kernel and without O_CREAT.
bool is_planted(const struct stat& file, const std::string& path) {
  struct stat folder {};
  if (file.st_uid == geteuid() || stat(folder_of(path).c_str(), &folder) != 0) return false;
  const bool shared = (folder.st_mode & S_ISVTX) != 0 && (folder.st_mode & (S_IWGRP | S_IWOTH)) != 0;
  return shared && file.st_uid != folder.st_uid;
}

void check_own(const Descriptor& file) {
  struct stat info {};
  if (fstat(file.number(), &info) != 0) throw file_error(file.place(), errno);
  if (!S_ISREG(info.st_mode)) throw error_at(file.place(), "is no regular file", advice);
  if (info.st_nlink > 1) throw error_at(file.place(), "has a second name (a hard link)", advice);
  if (is_planted(info, file.place().path)) throw error_at(file.place(), "belongs to another user", advice);
}

}  // namespace

Descriptor try_open_own(Place place, int flags) {
  // O_NONBLOCK: opening a named pipe does not wait for its other end. It means nothing to a regular file.
  Descriptor file = Descriptor::try_open(std::move(place), flags | O_NOFOLLOW | O_NONBLOCK);
  const int number = errno;
  if (file.is_open()) {
    check_own(file);
    return file;
  }
  if (number == ENOENT && (flags & O_CREAT) == 0) return file;
  if (number == ELOOP) throw error_at(file.place(), "is a symbolic link", advice);
  if (number == ENXIO) throw error_at(file.place(), "is no regular file", advice);
  throw file_error(file.place(), number, (flags & O_CREAT) != 0 ? "check the folder and the space on its disk" : "");
}

Descriptor open_own(Place place, int flags) {
  Descriptor file = try_open_own(std::move(place), flags);
  if (!file.is_open()) throw file_error(file.place(), ENOENT);
  return file;
}

}  // namespace pool3
