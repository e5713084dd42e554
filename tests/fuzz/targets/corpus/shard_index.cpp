// Any bytes as the index that is kept beside a shard. What is taken makes the same bytes again.

#include <cstdlib>

#include "corpus/shards/index_file.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const auto index = pool3::corpus::parse_index(bytes);
  if (!index) return 0;
  if (pool3::corpus::format_index(*index) != bytes) std::abort();
  for (std::int64_t i = 0; i < index->size(); ++i) {
    if (index->find(index->names[i]) != i) std::abort();
  }
  return 0;
}
