#include "network/graph/memory.hpp"

#include <sys/mman.h>

#include <algorithm>
#include <cstring>
#include <new>

namespace pool3::network {
namespace {

constexpr std::int64_t huge_page = 2 << 20, line = 64;

std::int64_t rounded_up(std::int64_t bytes, std::int64_t unit) { return (bytes + unit - 1) / unit * unit; }

std::int64_t unit_of(std::int64_t bytes) { return bytes >= huge_page ? huge_page : line; }

/// With any content, for std::free(). `bytes`: a multiple of their unit.
std::byte* allocate(std::int64_t bytes) {
  const auto unit = static_cast<std::size_t>(unit_of(bytes)), whole = static_cast<std::size_t>(bytes);
  auto* data = static_cast<std::byte*>(std::aligned_alloc(unit, whole));
  if (data == nullptr) throw std::bad_alloc();
  if (unit == huge_page) ::madvise(data, whole, MADV_HUGEPAGE);
  return data;
}

}  // namespace

Memory::Memory(std::int64_t bytes) {
  const std::int64_t whole = rounded_up(bytes, unit_of(bytes));
  data_.reset(allocate(whole));
  std::memset(data_.get(), 0, static_cast<std::size_t>(whole));
}

std::byte* Pieces::take(std::int64_t bytes) {
  constexpr std::int64_t chunk = 4 * huge_page;
  const std::int64_t whole = rounded_up(bytes, line);
  if (left_ < whole) {
    left_ = std::max(rounded_up(whole, huge_page), chunk);
    chunks_.emplace_back().data_.reset(allocate(left_));
    next_ = chunks_.back().data();
  }
  std::byte* piece = next_;
  next_ += whole;
  left_ -= whole;
  std::memset(piece, 0, static_cast<std::size_t>(whole));
  return piece;
}

}  // namespace pool3::network
