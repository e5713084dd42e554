#include <cerrno>
#include <utility>

#include "pool3/files.hpp"

namespace pool3 {

Error error_at(const Place& place, std::string cause, std::string advice) {
  return Error({.stage = place.stage, .path = place.path, .cause = std::move(cause), .advice = std::move(advice)});
}

Error file_error(const Place& place, int error_number, std::string advice) {
  return file_error(place.stage, place.path, error_number, std::move(advice));
}

Error write_error(const Place& place, int error_number) {
  const char* advice = "check its file system, then run the same command again";
  if (error_number == ENOSPC || error_number == EDQUOT)
    advice = "make room on its file system, then run the same command again";
  if (error_number == EFBIG) advice = "raise ulimit -f, then run the same command again";
  return file_error(place, error_number, advice);
}

std::string folder_of(const std::string& path) {
  const std::size_t slash = path.find_last_of('/');
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

}  // namespace pool3
