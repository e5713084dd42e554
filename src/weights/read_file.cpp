#include "weights/read_file.hpp"

#include <cstdint>
#include <span>

#include "pool3/files.hpp"
#include "weights/errors.hpp"

namespace pool3::weights {
namespace {

constexpr std::int64_t largest_file_bytes = std::int64_t{4} << 30U;

}  // namespace

std::string read_file(const std::string& path) {
  const Descriptor file = open_source({"read weights", path}, "check the path given with --weights");
  if (file.size() > largest_file_bytes) throw weights_error(path, "too large for a weights file");
  std::string bytes(static_cast<std::size_t>(file.size()), '\0');
  if (file.read(0, std::as_writable_bytes(std::span(bytes))) != bytes.size())
    throw weights_error(path, "the file became shorter while it was read");
  return bytes;
}

}  // namespace pool3::weights
