#include "store/integrity/checksum.hpp"

#include <xxhash.h>
#if defined(__x86_64__) && __has_include(<xxh_x86dispatch.h>)
#include <xxh_x86dispatch.h>  // the same sums with the widest instructions of the CPU
#endif

#include <new>
#include <vector>

#include "store/row_pieces.hpp"

namespace pool3::store {

Checksum::Checksum() : state_(XXH3_createState()) {
  if (!state_) throw std::bad_alloc();
  XXH3_64bits_reset(state_.get());
}
Checksum::~Checksum() = default;
Checksum::Checksum(Checksum&&) noexcept = default;
Checksum& Checksum::operator=(Checksum&&) noexcept = default;

void Checksum::Free::operator()(XXH3_state_s* state) const { XXH3_freeState(state); }

void Checksum::add(std::span<const std::byte> bytes) { XXH3_64bits_update(state_.get(), bytes.data(), bytes.size()); }

std::uint64_t Checksum::value() const { return XXH3_64bits_digest(state_.get()); }

std::uint64_t block_checksum(std::span<const std::byte> features, std::span<const char> keys,
                             std::span<const RowStatus> status) {
  Checksum checksum;
  checksum.add(features);
  checksum.add(std::as_bytes(keys));
  checksum.add(std::as_bytes(status));
  return checksum.value();
}

std::uint64_t table_checksum(const Dataset& table) {
  Checksum checksum;
  std::vector<std::byte> buffer;
  for_each_piece({0, table.rows()}, table.row_bytes(), buffer_bytes, [&](RowRange piece) {
    buffer.resize(static_cast<std::size_t>(piece.size() * table.row_bytes()));
    table.read_bytes(piece, buffer);
    checksum.add(buffer);
  });
  return checksum.value();
}

void TableWriter::append(std::span<const std::byte> rows) {
  const Row end = next_ + static_cast<std::int64_t>(rows.size()) / table_->row_bytes();
  table_->write_bytes({next_, end}, rows);
  checksum_.add(rows);
  next_ = end;
}

}  // namespace pool3::store
