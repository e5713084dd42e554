// Any bytes as the text of a lock file: what is printed of it is short and printable.

#include "store/integrity/lock.hpp"

#include <cstdint>
#include <cstdlib>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto owner = pool3::store::parse_owner({reinterpret_cast<const char*>(data), size});
  for (const std::string& word : {owner.host, owner.job, owner.pid}) {
    if (word.empty() || word.size() > 256) std::abort();
    for (const unsigned char c : word) {
      if (c < 0x20 || c == 0x7f) std::abort();
    }
  }
  return 0;
}
