#include "corpus/sources/linked_folders.hpp"

#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <optional>
#include <set>
#include <utility>

#include "corpus/error_stage.hpp"
#include "corpus/sources/folder.hpp"
#include "pool3/files.hpp"

namespace pool3::corpus {
namespace {

struct FolderId {
  dev_t device;
  ino_t inode;
  bool operator==(const FolderId& other) const { return device == other.device && inode == other.inode; }
  bool operator<(const FolderId& other) const {
    return device != other.device ? device < other.device : inode < other.inode;
  }
};

constexpr std::size_t no_parent = static_cast<std::size_t>(-1);

/// A folder that was entered; `parent` is the place of the one above in the list of them.
struct Visited {
  FolderId id;
  std::size_t parent;
};

/// A folder still to be entered.
struct Pending {
  std::string path;  ///< relative to the root, with a slash at the end
  std::size_t parent = no_parent;
  bool by_symlink = false;
};

/// Walks with its own stack, so that depth is bounded by memory alone.
///
/// Folders are visited in byte order of names, whatever the file system's order, since the first way to a
/// symlinked folder is the one that counts: a folder reached by symlinks is visited by the first of them only.
/// That ends loops, and stops trees of symlinks that lead to each other from growing without bound.
class LinkWalk {
 public:
  LinkWalk(const std::string& root, const FolderUse& use) : root_(root), use_(use) {}

  LeftOut left_out;

  /// Everything below the symlink `path` of the root.
  void run(const std::string& path) {
    visited_.clear();
    pending_.push_back({path + "/", enter_ancestors(path), true});
    while (!pending_.empty()) {
      const Pending folder = std::move(pending_.back());
      pending_.pop_back();
      enter(folder);
    }
  }

 private:
  /// The folders above `path` count as entered. Returns the place of the last.
  std::size_t enter_ancestors(const std::string& path) {
    std::size_t parent = no_parent;
    for (std::size_t end = 0; end != std::string::npos; end = path.find('/', end + 1)) {
      const auto id = find_id(path.substr(0, end));
      if (!id) break;
      visited_.push_back({*id, parent});
      parent = visited_.size() - 1;
    }
    return parent;
  }

  void enter(const Pending& folder) {
    const auto found = find_id(folder.path);
    if (!found) return;
    const FolderId id = *found;
    if (is_ancestor(id, folder.parent)) return;
    if (folder.by_symlink && !by_symlink_.insert(id).second) return;
    visited_.push_back({id, folder.parent});
    const std::size_t here = visited_.size() - 1;
    const std::size_t first_new = pending_.size();
    const FolderContent content = read_folder(full(folder.path));
    left_out.add(content.left_out);
    for (const FolderItem& item : content.items) {
      const std::string path = folder.path + item.name;
      if (item.kind == FolderItem::Kind::picture || item.kind == FolderItem::Kind::shard) {
        use_(path, item.kind);
      } else {
        pending_.push_back({path + "/", here, item.kind == FolderItem::Kind::linked_folder});
      }
    }
    std::reverse(pending_.begin() + static_cast<std::ptrdiff_t>(first_new), pending_.end());  // a stack: last first
  }

  /// Nothing, and counted, for a folder that went away.
  [[nodiscard]] std::optional<FolderId> find_id(const std::string& path) {
    struct stat status {};
    if (::stat(full(path).c_str(), &status) == 0) return FolderId{status.st_dev, status.st_ino};
    if (!is_gone(errno)) throw file_error({stage, full(path)}, errno);
    left_out.add(Reason::gone);
    return std::nullopt;
  }

  [[nodiscard]] bool is_ancestor(const FolderId& id, std::size_t parent) const {
    for (; parent != no_parent; parent = visited_[parent].parent) {
      if (visited_[parent].id == id) return true;
    }
    return false;
  }

  [[nodiscard]] std::string full(const std::string& path) const { return root_ + "/" + path; }

  const std::string& root_;
  const FolderUse& use_;
  std::vector<Pending> pending_;
  std::vector<Visited> visited_;
  std::set<FolderId> by_symlink_;
};

}  // namespace

LeftOut list_linked_folders(const std::string& root, const std::vector<std::string>& links, const FolderUse& use) {
  LinkWalk walk(root, use);
  for (const std::string& link : links) walk.run(link);
  return std::move(walk.left_out);
}

}  // namespace pool3::corpus
