#pragma once
// A file that is in memory alone, and the checksum that lets a reader get past it to the numbers behind.

#include <sys/mman.h>

#include <cstdlib>
#include <string>
#include <string_view>

#include "pool3/files.hpp"
#include "store/integrity/checksum.hpp"

namespace pool3::fuzz {

inline Descriptor in_memory(std::string_view bytes) {
  Descriptor file = Descriptor::adopt({"fuzz", "in memory"}, memfd_create("fuzz", 0));
  if (!file.is_open()) std::abort();
  file.write(0, bytes);
  return file;
}

/// The XXH3-64 as it is stored.
inline std::string checksum_of(std::string_view bytes) {
  store::Checksum checksum;
  checksum.add(bytes);
  const std::uint64_t value = checksum.value();
  return {reinterpret_cast<const char*>(&value), sizeof value};
}

}  // namespace pool3::fuzz
