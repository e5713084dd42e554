#pragma once
// XXH3-64, and the checksum of a table.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

#include "store/hdf5/dataset.hpp"

struct XXH3_state_s;

namespace pool3::store {

/// XXH3-64 (seed 0) of all bytes added so far.
class Checksum {
 public:
  Checksum();
  ~Checksum();
  Checksum(Checksum&&) noexcept;
  Checksum& operator=(Checksum&&) noexcept;

  void add(std::span<const std::byte> bytes);
  void add(std::string_view bytes) { add(std::as_bytes(std::span(bytes))); }
  [[nodiscard]] std::uint64_t value() const;

 private:
  struct Free {
    void operator()(XXH3_state_s* state) const;
  };
  std::unique_ptr<XXH3_state_s, Free> state_;
};

/// Checksum of a block: its feature rows, then its keys, then its status, as stored.
[[nodiscard]] std::uint64_t block_checksum(std::span<const std::byte> features, std::span<const char> keys,
                                           std::span<const RowStatus> status);

/// Checksum of all rows of a dataset, read through a bounded buffer.
[[nodiscard]] std::uint64_t table_checksum(const Dataset& table);

/// Writes a table from its first row on, and keeps its checksum.
class TableWriter {
 public:
  explicit TableWriter(const Dataset& table) : table_(&table) {}
  /// Whole rows, as stored.
  void append(std::span<const std::byte> rows);
  [[nodiscard]] std::uint64_t checksum() const { return checksum_.value(); }

 private:
  const Dataset* table_;
  Row next_ = 0;
  Checksum checksum_;
};

}  // namespace pool3::store
