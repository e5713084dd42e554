#pragma once
// Memory that the system hands out in large pieces: many small ones cost more time than what is read into them.

#include <sys/mman.h>

#include <cstddef>
#include <cstdint>

namespace pool3::weights {

/// Reserves room for `count` values, and asks for huge pages for it.
template <typename Container>
void reserve_in_huge_pages(Container& values, std::size_t count) {
  constexpr std::uintptr_t page = 2U << 20U;
  values.reserve(count);
  const auto begin = reinterpret_cast<std::uintptr_t>(values.data());
  const std::uintptr_t first = (begin + page - 1) / page * page;
  const std::uintptr_t last = (begin + count * sizeof(typename Container::value_type)) / page * page;
  if (first < last) ::madvise(reinterpret_cast<void*>(first), last - first, MADV_HUGEPAGE);  // may fail
}

}  // namespace pool3::weights
