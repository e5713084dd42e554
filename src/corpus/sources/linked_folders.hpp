#pragma once
// The pictures below folders that symlinks lead to. Private to the room.

#include <string>
#include <vector>

#include "corpus/sources/folder.hpp"

namespace pool3::corpus {

/// Calls `use` with each picture and tar file below the symlinked folders `links` of `root`, which are visited in this
/// order, and returns what is left out. What several symlinks lead to is visited once, by the first of them, and
/// nothing is entered from below itself.
[[nodiscard]] LeftOut list_linked_folders(const std::string& root, const std::vector<std::string>& links,
                                          const FolderUse& use);

}  // namespace pool3::corpus
