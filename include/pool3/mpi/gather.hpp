#pragma once
// What ranks hold, one after the other: gathered on the root, and where a rank's own part begins.

#include <cstdint>
#include <cstring>
#include <numeric>
#include <span>
#include <string>
#include <type_traits>
#include <vector>

#include "pool3/mpi.hpp"

namespace pool3 {

/// The items of all ranks on the root, in the order of ranks; nothing on the others. Collective.
template <typename T>
requires std::is_trivially_copyable_v<T>
[[nodiscard]] std::vector<T> gather_items(const Communicator& comm, const std::vector<T>& mine) {
  std::vector<T> all;
  for (const std::string& part : comm.gather({reinterpret_cast<const char*>(mine.data()), mine.size() * sizeof(T)})) {
    const std::size_t before = all.size();
    all.resize(before + part.size() / sizeof(T));
    if (!part.empty()) std::memcpy(static_cast<void*>(all.data() + before), part.data(), part.size());
  }
  return all;
}

/// Where each rank's part begins if all parts follow one another, and where the last one ends: [ranks + 1]. `mine` is
/// the size of this rank's part. Collective.
[[nodiscard]] inline std::vector<std::int64_t> part_begins(const Communicator& comm, std::int64_t mine) {
  std::vector<std::int64_t> begins(static_cast<std::size_t>(comm.size()) + 1, 0);
  begins[static_cast<std::size_t>(comm.rank()) + 1] = mine;
  comm.sum(std::span(begins));
  std::partial_sum(begins.begin(), begins.end(), begins.begin());
  return begins;
}

/// The sum of `value` over the ranks before this one. Collective.
[[nodiscard]] inline std::int64_t sum_before(const Communicator& comm, std::int64_t value) {
  return part_begins(comm, value)[static_cast<std::size_t>(comm.rank())];
}

}  // namespace pool3
