#include "weights/read_file.hpp"

#include <fcntl.h>

#include <cerrno>
#include <cstdint>
#include <filesystem>
#include <span>

#include "pool3/files.hpp"
#include "weights/errors.hpp"

namespace pool3::weights {

std::string read_file(const std::string& path, std::int64_t largest_bytes) {
  // O_NONBLOCK: a pipe must not keep us waiting.
  const Descriptor file = Descriptor::try_open({"read weights", path}, O_RDONLY | O_NONBLOCK);
  if (!file.is_open()) throw file_error(file.place(), errno, "check the path given with --weights");
  std::error_code ignored;
  if (!std::filesystem::is_regular_file(path, ignored)) throw weights_error(path, "not a regular file");
  if (file.size() > largest_bytes) throw weights_error(path, "too large for a weights file");
  std::string bytes(static_cast<std::size_t>(file.size()), '\0');
  if (file.read(0, std::as_writable_bytes(std::span(bytes))) != bytes.size())
    throw weights_error(path, "the file became shorter while it was read");
  return bytes;
}

}  // namespace pool3::weights
