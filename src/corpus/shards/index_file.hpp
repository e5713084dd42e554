#pragma once
// The index of a shard as a file beside it, SHARD.pool3-index. docs/format.md has its bytes. Private to the room.

#include <optional>
#include <string>
#include <string_view>

#include "corpus/shards/tar_index.hpp"

namespace pool3::corpus {

/// The index of a shard from the file beside it, if that fits the shard's size and time; else made, and kept beside it
/// if that folder can be written. Throws Error.
[[nodiscard]] TarIndex load_index(const std::string& shard);

// The bytes of a kept index, behind its header. parse_index gives nothing for bytes that are not an index.
[[nodiscard]] std::string format_index(const TarIndex& index);
[[nodiscard]] std::optional<TarIndex> parse_index(std::string_view bytes);

}  // namespace pool3::corpus
