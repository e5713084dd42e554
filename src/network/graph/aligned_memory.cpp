#include "network/graph/aligned_memory.hpp"

#include <sys/mman.h>

#include <algorithm>
#include <new>

namespace pool3::network {
namespace {

constexpr std::int64_t huge_page = 2 << 20, line = 64;

std::int64_t rounded_up(std::int64_t bytes, std::int64_t unit) { return (bytes + unit - 1) / unit * unit; }

}  // namespace

// The system's own pages are zero already, and cost nothing until they are touched.
Memory::Memory(std::int64_t bytes, bool in_huge_pages) {
  bytes_ = static_cast<std::size_t>(rounded_up(std::max<std::int64_t>(bytes, 1), in_huge_pages ? huge_page : line));
  const std::size_t mapped = bytes_ + (in_huge_pages ? huge_page : 0);
  void* start = ::mmap(nullptr, mapped, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (start == MAP_FAILED) throw std::bad_alloc();
  data_ = static_cast<std::byte*>(start);
  if (!in_huge_pages) return;
  const auto at = reinterpret_cast<std::uintptr_t>(start);
  const std::size_t before = (huge_page - at % huge_page) % huge_page;
  if (before > 0) ::munmap(start, before);
  if (before < huge_page) ::munmap(data_ + before + bytes_, huge_page - before);
  data_ += before;
  ::madvise(data_, bytes_, MADV_HUGEPAGE);  // small pages do as well
}

Memory::~Memory() {
  if (data_ != nullptr) ::munmap(data_, bytes_);
}

std::byte* Pieces::take(std::int64_t bytes) {
  constexpr std::int64_t chunk = 4 * huge_page;
  const std::int64_t whole = rounded_up(bytes, line);
  if (left_ < whole) {
    left_ = std::max(rounded_up(whole, huge_page), chunk);
    next_ = chunks_.emplace_back(left_).data();
  }
  std::byte* piece = next_;
  next_ += whole;
  left_ -= whole;
  return piece;
}

}  // namespace pool3::network
