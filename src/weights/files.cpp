#include "weights/files.hpp"

#include <fcntl.h>
#include <sys/stat.h>

#include <cerrno>
#include <cstdint>
#include <span>

#include "pool3/files.hpp"
#include "weights/weights_error.hpp"

namespace pool3 {
namespace {

constexpr std::int64_t largest_file_bytes = std::int64_t{4} << 30U;

std::size_t regular_file_size(const Descriptor& file) {
  struct stat status = {};
  if (::fstat(file.number(), &status) != 0) throw file_error(file.place(), errno);
  if (!S_ISREG(status.st_mode)) throw weights_error(file.place().path, "not a regular file");
  if (status.st_size > largest_file_bytes) throw weights_error(file.place().path, "too large for a weights file");
  return static_cast<std::size_t>(status.st_size);
}

}  // namespace

std::string read_whole_file(const std::string& path) {
  const Place place{"read weights", path};
  const Descriptor file = Descriptor::try_open(place, O_RDONLY | O_NONBLOCK);
  if (!file.is_open()) throw file_error(place, errno, "check the path given with --weights");
  std::string bytes(regular_file_size(file), '\0');
  if (file.read(0, std::as_writable_bytes(std::span(bytes))) < bytes.size()) {
    throw weights_error(path, "the file became shorter while it was read");
  }
  return bytes;
}

}  // namespace pool3
