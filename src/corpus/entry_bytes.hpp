#pragma once
// The bytes of an entry, read from an open file. Private to the room.

#include <cstddef>
#include <cstdint>
#include <limits>
#include <vector>

#include "pool3/files.hpp"

namespace pool3::corpus {

/// Throws ReadError if an entry has more bytes than may be read.
void check_size(std::int64_t bytes, std::int64_t max_bytes);
/// Exactly these bytes of an open tar file. Throws ReadError.
[[nodiscard]] std::vector<std::byte> read_member(const Descriptor& file, std::int64_t offset, std::int64_t bytes);
/// All of an open file. Throws ReadError, also if it is not a regular one or has more bytes.
[[nodiscard]] std::vector<std::byte> read_all(const Descriptor& file,
                                              std::int64_t max_bytes = std::numeric_limits<std::int64_t>::max());
/// Throws ReadError with the text of this errno value.
[[noreturn]] void fail_to_read(int error_number);

}  // namespace pool3::corpus
