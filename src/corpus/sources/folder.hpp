#pragma once
// The pictures below a folder. Private to the room.

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "pool3/mpi.hpp"

namespace pool3::corpus {

/// What a folder holds that matters. The values are what travels between ranks.
struct FolderItem {
  enum class Kind : char { picture = 'p', folder = 'f', linked_folder = 'l', gone = 'g' } kind = Kind::picture;
  std::string name;
};

/// The pictures, folders and symlinks to folders right below `folder`, in byte order of names. A symlink to nowhere
/// with a picture's name is a picture. One item `gone` for a folder that is not there any more. Throws Error: a folder
/// that can't be read.
[[nodiscard]] std::vector<FolderItem> read_folder(const std::string& folder);
/// True for the errno values of what is not there any more.
[[nodiscard]] bool is_gone(int error_number);

/// Calls `use` on the root with each picture below `root`, relative to it, in no particular order. Collective: folders
/// are dealt out to the ranks. `root` counts on the root only. Returns, on the root, how many folders below `root` went
/// away meanwhile. Throws a collective Error.
std::int64_t list_folder(const Communicator& comm, std::string root, const std::function<void(std::string_view)>& use);

}  // namespace pool3::corpus
