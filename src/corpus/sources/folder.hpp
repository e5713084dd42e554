#pragma once
// The pictures below a folder. Private to the room.

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "corpus/left_out.hpp"
#include "pool3/mpi.hpp"

namespace pool3::corpus {

/// What a folder holds that matters. The values are what travels between ranks.
struct FolderItem {
  enum class Kind : char { picture = 'p', shard = 't', folder = 'f', linked_folder = 'l' } kind = Kind::picture;
  std::string name;
};

struct FolderContent {
  std::vector<FolderItem> items;  ///< in byte order of names
  LeftOut left_out;
};

/// The pictures, tar files, folders and symlinks to folders right below `folder`. A symlink to nowhere with a picture's
/// name is a picture. What systems and editors leave there is left out, and so is `folder` itself if it is not there
/// any more. Throws Error: a folder that can't be read.
[[nodiscard]] FolderContent read_folder(const std::string& folder);
/// True for the errno values of what is not there any more.
[[nodiscard]] bool is_gone(int error_number);

/// Takes a picture or a tar file, by its path relative to the root.
using FolderUse = std::function<void(std::string_view path, FolderItem::Kind kind)>;

/// Calls `use` on the root with each picture and tar file below `root`, in no particular order; what is left out, by
/// reason, on the root. Collective: folders are dealt out to the ranks. `root` counts on the root only. Throws a
/// collective Error.
[[nodiscard]] LeftOut list_folder(const Communicator& comm, std::string root, const FolderUse& use);

}  // namespace pool3::corpus
