#pragma once
// The seal: the first 512 bytes (seal_bytes) of every file, HDF5's user block. It says what the file is, how long it
// is, and the checksum of all bytes that have no checksum of their own. It is checked before anything else of a file is
// read. It finds flipped bits; it is no signature, so what comes after it is checked as if there were none.

#include <cstdint>
#include <string>
#include <vector>

#include "store/format_names.hpp"
#include "store/hdf5/dataset.hpp"

namespace pool3::store {

/// Extents that fit into a seal.
inline constexpr std::size_t max_extents = 16;

/// Writes an open seal: this file is of format `format`, and not complete. REQUIRES: the file is closed.
void begin_seal(const Place& place, const std::string& format, std::int64_t version);

/// Completes the seal. `covered` are the bytes that have checksums elsewhere. REQUIRES: the file is closed and
/// will not change.
void complete_seal(const Place& place, std::vector<Extent> covered);

/// Throws Error with one distinct cause for each: not there, a folder, not readable, not HDF5, not pool3's, another
/// kind of pool3's, a newer version than `newest`, not complete, cut off, damaged.
void check_seal(const Place& place, const std::string& format, std::int64_t newest);

/// Throws Error unless the file is an unfinished one of `format`, of a version up to `newest`.
void check_open_seal(const Place& place, const std::string& format, std::int64_t newest);

/// The checksum that a complete seal holds: it differs between any two files of other content.
[[nodiscard]] std::uint64_t seal_checksum(const Place& place);

/// The format that the file's first bytes name, or "". Never throws.
[[nodiscard]] std::string format_of(const std::string& path);

}  // namespace pool3::store
