#pragma once
// Memory that the system hands out in large pieces: many small ones cost more time than what is read into them.

#include <sys/mman.h>

#include <cstddef>
#include <cstdint>

namespace pool3::weights {

/// Reserves room for `count` values, of which all will be used: asks for huge pages, and for what fits into none for
/// all pages at once.
template <typename Container>
void reserve_in_huge_pages(Container& values, std::size_t count) {
  values.reserve(count);
  auto* const bytes = reinterpret_cast<std::byte*>(values.data());
  const auto begin = reinterpret_cast<std::uintptr_t>(bytes);
  const std::uintptr_t end = begin + count * sizeof(typename Container::value_type);
  const auto ask = [&](std::uintptr_t page, int advice) {
    const std::uintptr_t first = (begin + page - 1) / page * page, last = end / page * page;
    if (first < last) ::madvise(bytes + (first - begin), last - first, advice);  // may fail
  };
  ask(2U << 20U, MADV_HUGEPAGE);
#ifdef MADV_POPULATE_WRITE
  ask(4096, MADV_POPULATE_WRITE);
#endif
}

}  // namespace pool3::weights
