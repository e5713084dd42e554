#include "weights/read_file.hpp"

#include <cstdint>
#include <span>

#include "pool3/files.hpp"
#include "weights/huge_pages.hpp"
#include "weights/refusals.hpp"

namespace pool3::weights {

std::string read_file(const std::string& path, std::int64_t largest_bytes) {
  const Descriptor file = open_source({"read weights", path}, "check the path given with --weights");
  if (file.size() > largest_bytes) throw weights_error(path, "too large for a weights file");
  std::string bytes;
  reserve_in_huge_pages(bytes, static_cast<std::size_t>(file.size()));
  bytes.resize(static_cast<std::size_t>(file.size()));
  if (file.read(0, std::as_writable_bytes(std::span(bytes))) != bytes.size())
    throw weights_error(path, "the file became shorter while it was read");
  return bytes;
}

}  // namespace pool3::weights
