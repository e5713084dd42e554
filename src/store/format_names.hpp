#pragma once
// Names and numbers of the file formats. docs/format.md says the same in prose.

#include <array>
#include <cstdint>

namespace pool3::store {

inline constexpr const char* features_format = "pool3 features";
inline constexpr const char* model_format = "pool3 model";
inline constexpr const char* link_format = "pool3 link";
inline constexpr const char* map_format = "pool3 map";
inline constexpr const char* index_format = "pool3 index";
inline constexpr const char* repacked_format = "pool3 repacked";
/// Newest version of each format that this program reads, and the one it writes.
inline constexpr std::int64_t features_version = 1;
inline constexpr std::int64_t model_version = 2;
/// Of linear models, which older programs read.
inline constexpr std::int64_t linear_model_version = 1;
inline constexpr std::int64_t link_version = 1;
inline constexpr std::int64_t map_version = 1;
inline constexpr std::int64_t index_version = 1;

inline constexpr const char* retry_advice = "its job has not finished; run the same command again";
inline constexpr const char* damaged_advice = "the file is damaged; make it again or restore it from a copy";

/// Hex digits of one stored key.
inline constexpr std::size_t key_width = 32;

/// A block must fit in memory.
inline constexpr std::int64_t max_block_rows = std::int64_t{1} << 20;

/// The largest --alignment: a large stripe of a parallel file system.
inline constexpr std::int64_t max_alignment = std::int64_t{1} << 30;

/// Tables that carry a checksum of their own in the attribute "xxh3_NAME".
inline constexpr std::array<const char*, 7> sealed_tables = {"labels", "classes",   "paths",   "keys",
                                                             "status", "checksums", "failures"};

/// Bytes in front of every file for its seal.
inline constexpr std::int64_t seal_bytes = 512;

}  // namespace pool3::store
