// Any bytes as a tar file, plain or compressed, and as the index that is kept beside one. What is read survives being
// written and read again.

#include <cstdlib>

#include "corpus/shards/index_file.hpp"
#include "pool3/error.hpp"

namespace {

void check_round_trip(const pool3::corpus::TarIndex& index) {
  const std::string bytes = pool3::corpus::format_index(index);
  const auto again = pool3::corpus::parse_index(bytes);
  if (!again || pool3::corpus::format_index(*again) != bytes) std::abort();
  for (std::int64_t i = 0; i < index.size(); ++i) {
    if (index.find(index.names[i]) != i) std::abort();
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const char* begin = reinterpret_cast<const char*>(data);
  if (const auto index = pool3::corpus::parse_index({begin, size})) check_round_trip(*index);
  try {
    check_round_trip(pool3::corpus::index_tar("t.tar", {begin, size}));
  } catch (const pool3::Error&) {
    return 0;
  }
  return 0;
}
