#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>

#include <cerrno>
#include <utility>

#include "pool3/files.hpp"

namespace pool3 {
namespace {

/// Why it is not one that can be read, or "".
std::string not_regular(mode_t mode) {
  if (S_ISREG(mode)) return {};
  if (S_ISDIR(mode)) return "is a folder";
  if (S_ISFIFO(mode)) return "is a pipe, not a regular file";
  if (S_ISSOCK(mode)) return "is a socket, not a regular file";
  return "is a device, not a regular file";
}

void require_regular(const Place& place, mode_t mode) {
  std::string cause = not_regular(mode);
  if (!cause.empty()) throw error_at(place, std::move(cause), "name a file");
}

}  // namespace

Descriptor open_source(Place place, const std::string& advice) {
  // O_NONBLOCK: a pipe that nobody writes to must not keep us waiting. It means nothing to a regular file.
  Descriptor file = Descriptor::try_open(std::move(place), O_RDONLY | O_NONBLOCK | O_NOCTTY);
  struct stat info {};
  if (!file.is_open()) {
    const int error = errno;
    // ENXIO: a socket, or a device that is not there.
    if (stat(file.place().path.c_str(), &info) == 0) require_regular(file.place(), info.st_mode);
    throw file_error(file.place(), error, advice);
  }
  if (fstat(file.number(), &info) != 0) throw file_error(file.place(), errno);
  require_regular(file.place(), info.st_mode);
  return file;
}

std::string read_source(const Place& place, std::int64_t most_bytes) {
  const Descriptor file = open_source(place);
  const std::int64_t bytes = file.size();
  if (bytes > most_bytes) throw error_at(place, fmt::format("has {} bytes; {} are read at most", bytes, most_bytes));
  std::string content(static_cast<std::size_t>(bytes), '\0');
  content.resize(file.read(0, std::as_writable_bytes(std::span(content))));
  return content;
}

void check_source(const Place& place) { static_cast<void>(open_source(place)); }

}  // namespace pool3
