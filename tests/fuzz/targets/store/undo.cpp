// Any bytes as the copy of a file's structure, with its right checksum behind them. What is taken lies inside both
// files.

#include "store/integrity/undo.hpp"

#include "fuzz/targets/store/in_memory_file.hpp"
#include "pool3/error.hpp"

namespace {

void read(const std::string& copy) {
  pool3::store::Undo undo;
  try {
    undo = pool3::store::read_undo(pool3::fuzz::in_memory(copy));
  } catch (const pool3::Error&) {
    return;
  }
  std::int64_t at = 0;
  std::int64_t bytes = 0;
  for (const pool3::store::Extent& gap : undo.gaps) {
    if (gap.offset < at || gap.bytes < 0 || gap.bytes > undo.file_bytes - gap.offset) std::abort();
    at = gap.offset + gap.bytes;
    bytes += gap.bytes;
  }
  if (undo.begin + bytes + 8 != static_cast<std::int64_t>(copy.size())) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string bytes(reinterpret_cast<const char*>(data), size);
  read(bytes + pool3::fuzz::checksum_of(bytes));
  read(bytes);
  return 0;
}
