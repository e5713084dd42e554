#include <fmt/format.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <filesystem>

#include "pool3/files.hpp"

namespace pool3 {
namespace {

bool is_folder(const std::string& path) {
  struct stat info {};
  return stat(path.c_str(), &info) == 0 && S_ISDIR(info.st_mode);
}

/// "812 bytes", "3.4 MiB".
std::string size_text(double bytes) {
  constexpr std::array units = {"KiB", "MiB", "GiB", "TiB"};
  if (bytes < 1024) return fmt::format("{:.0f} bytes", bytes);
  std::size_t unit = 0;
  for (bytes /= 1024; bytes >= 1024 && unit + 1 < units.size(); ++unit) bytes /= 1024;
  return fmt::format("{:.1f} {}", bytes, units.at(unit));
}

}  // namespace

bool file_exists(const std::string& path) { return access(path.c_str(), F_OK) == 0; }

std::int64_t file_bytes(const Place& place) {
  struct stat info {};
  if (stat(place.path.c_str(), &info) != 0) throw file_error(place, errno);
  return info.st_size;
}

void check_folder(const Place& place) {
  const std::string folder = folder_of(place.path);
  if (!file_exists(folder)) {
    throw error_at(place, fmt::format("the folder {} does not exist", folder), "create it first");
  }
  if (!is_folder(folder)) throw error_at(place, folder + " is not a folder");
  if (access(folder.c_str(), W_OK | X_OK) != 0) throw file_error({place.stage, folder}, errno, "the output goes there");
}

void check_output(const Place& place) {
  if (place.path.empty() || place.path.back() == '/' || is_folder(place.path)) {
    throw error_at(place, "is a folder", "name a file");
  }
  check_folder(place);
  struct stat info {};
  if (lstat(place.path.c_str(), &info) != 0 && errno == ENAMETOOLONG)
    throw file_error(place, errno, "a file beside the output has a longer name; give a shorter one");
}

void check_space(const Place& place, std::int64_t bytes) {
  struct statvfs info {};
  if (statvfs(folder_of(place.path).c_str(), &info) != 0 || info.f_blocks == 0) return;
  const double free_bytes = static_cast<double>(info.f_bavail) * static_cast<double>(info.f_frsize);
  if (static_cast<double>(bytes) <= free_bytes) return;
  throw error_at(place, fmt::format("needs {}, but its file system has {} free", size_text(static_cast<double>(bytes)),
                                    size_text(free_bytes)));
}

void make_folder(const Place& place) {
  std::error_code error;
  std::filesystem::create_directories(place.path, error);
  if (error) throw error_at(place, "can't make this folder: " + error.message());
}

void remove_file(const Place& place) {
  if (unlink(place.path.c_str()) != 0 && errno != ENOENT) throw file_error(place, errno);
}

}  // namespace pool3
