#include "store/files.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>

namespace pool3::store {
namespace {

std::string folder_of(const std::string& path) {
  const std::size_t slash = path.find_last_of('/');
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

bool is_folder(const std::string& path) {
  struct stat info {};
  return stat(path.c_str(), &info) == 0 && S_ISDIR(info.st_mode);
}

/// Syncs a file or a folder.
void sync_path(const std::string& stage, const std::string& path) {
  const int descriptor = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) throw file_error(stage, path, errno);
  const int failed = fsync(descriptor) == 0 ? 0 : errno;
  close(descriptor);
  // EINVAL: a file system that can't sync a folder.
  if (failed != 0 && failed != EINVAL) throw file_error(stage, path, failed);
}

}  // namespace

void check_folder(const Place& place) {
  const std::string folder = folder_of(place.path);
  if (!exists(folder)) throw error_at(place, "the folder " + folder + " does not exist", "create it first");
  if (!is_folder(folder)) throw error_at(place, folder + " is not a folder");
  if (access(folder.c_str(), W_OK | X_OK) != 0) throw file_error(place.stage, folder, errno, "the output goes there");
}

void check_target(const Place& place) {
  if (place.path.empty() || place.path.back() == '/' || is_folder(place.path)) {
    throw error_at(place, "is a folder", "name a file");
  }
  check_folder(place);
}

void check_space(const Place& place, std::int64_t bytes) {
  struct statvfs info {};
  if (statvfs(folder_of(place.path).c_str(), &info) != 0 || info.f_blocks == 0) return;
  const double free_bytes = static_cast<double>(info.f_bavail) * static_cast<double>(info.f_frsize);
  if (static_cast<double>(bytes) <= free_bytes) return;
  constexpr double mib = 1024.0 * 1024.0;
  throw error_at(place, "needs " + std::to_string(static_cast<std::int64_t>(static_cast<double>(bytes) / mib)) +
                            " MiB, but its file system has " +
                            std::to_string(static_cast<std::int64_t>(free_bytes / mib)) + " MiB free");
}

void check_source(const Place& place) {
  struct stat info {};
  if (stat(place.path.c_str(), &info) != 0) throw file_error(place.stage, place.path, errno);
  if (S_ISDIR(info.st_mode)) throw error_at(place, "is a folder", "name a file");
  if (access(place.path.c_str(), R_OK) != 0) throw file_error(place.stage, place.path, errno);
}

bool exists(const std::string& path) { return access(path.c_str(), F_OK) == 0; }

std::int64_t size_of(const Place& place) {
  struct stat info {};
  if (stat(place.path.c_str(), &info) != 0) throw file_error(place.stage, place.path, errno);
  return info.st_size;
}

void remove_file(const Place& place) {
  if (unlink(place.path.c_str()) != 0 && errno != ENOENT) throw file_error(place.stage, place.path, errno);
}

void sync_file(const Place& place) { sync_path(place.stage, place.path); }

void publish(const Place& place, const std::string& from) {
  sync_path(place.stage, from);
  if (std::rename(from.c_str(), place.path.c_str()) != 0) throw file_error(place.stage, place.path, errno);
  sync_path(place.stage, folder_of(place.path));
}

}  // namespace pool3::store
