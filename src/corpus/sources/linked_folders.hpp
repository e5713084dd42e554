#pragma once
// The pictures below folders that symlinks lead to. Private to the room.

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace pool3::corpus {

/// Calls `use` with each picture below the symlinked folders `links` of `root`, which are visited in this order. What
/// several symlinks lead to is visited once, by the first of them, and nothing is entered from below itself. Returns
/// how many folders went away meanwhile.
std::int64_t list_linked_folders(const std::string& root, const std::vector<std::string>& links,
                                 const std::function<void(std::string_view)>& use);

}  // namespace pool3::corpus
