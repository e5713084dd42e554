#include "network/graph/memory.hpp"

#include <sys/mman.h>

#include <cstring>
#include <new>

namespace pool3::network {

Memory::Memory(std::int64_t bytes) {
  constexpr std::size_t huge_page = 2U << 20U, line = 64;
  const std::size_t unit = static_cast<std::size_t>(bytes) >= huge_page ? huge_page : line;
  const std::size_t whole = (static_cast<std::size_t>(bytes) + unit - 1) / unit * unit;
  data_.reset(static_cast<std::byte*>(std::aligned_alloc(unit, whole)));
  if (data_ == nullptr) throw std::bad_alloc();
  if (unit == huge_page) ::madvise(data_.get(), whole, MADV_HUGEPAGE);
  std::memset(data_.get(), 0, whole);
}

}  // namespace pool3::network
