#pragma once
// Where things are kept that can be made again: $POOL3_CACHE, else $XDG_CACHE_HOME/pool3, else ~/.cache/pool3.

#include <filesystem>
#include <optional>

namespace pool3::network {

/// Null: there is none, or POOL3_CACHE is "off". Nothing is made here.
[[nodiscard]] std::optional<std::filesystem::path> cache_folder();

}  // namespace pool3::network
