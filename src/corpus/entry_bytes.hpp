#pragma once
// The bytes of an entry, read from an open file. Private to the room.

#include <cstddef>
#include <cstdint>
#include <vector>

#include "pool3/corpus.hpp"
#include "pool3/files.hpp"

namespace pool3::corpus {

/// From so many bytes on, an entry is looked at before it is read: below, reading costs nothing to speak of.
inline constexpr std::int64_t large_bytes = std::int64_t{16} << 20;
/// Bytes that EntryLimits::check_head gets.
inline constexpr std::size_t head_bytes = 64;

// All throw ReadError, and what limits.check_head throws.

/// Throws if an entry has more bytes than may be read.
void check_size(std::int64_t bytes, std::int64_t max_bytes);
/// Exactly these bytes of an open tar file.
[[nodiscard]] std::vector<std::byte> read_member(const Descriptor& file, std::int64_t offset, std::int64_t bytes,
                                                 const EntryLimits& limits = {});
/// All of an open file. Throws also if it is not a regular one or has more bytes.
[[nodiscard]] std::vector<std::byte> read_all(const Descriptor& file, const EntryLimits& limits = {});
/// Throws ReadError with the text of this errno value.
[[noreturn]] void fail_to_read(int error_number);

}  // namespace pool3::corpus
