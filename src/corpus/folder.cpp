#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <memory>
#include <set>
#include <string_view>
#include <utility>

#include "corpus/entries.hpp"
#include "pool3/error.hpp"

namespace pool3::corpus {
namespace {

constexpr std::array<std::string_view, 8> picture_endings = {".jpg", ".jpeg", ".png", ".webp",
                                                             ".gif", ".bmp",  ".tif", ".tiff"};

bool is_picture_name(std::string_view name) {
  const std::size_t dot = name.rfind('.');
  if (dot == std::string_view::npos) return false;
  return std::ranges::find(picture_endings, lower_case(name.substr(dot))) != picture_endings.end();
}

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
  std::string path;  ///< relative to the root; empty for the root, else with a slash at the end
  std::size_t parent = no_parent;
  bool by_symlink = false;
};

struct DirectoryCloser {
  void operator()(DIR* directory) const { ::closedir(directory); }
};
using Directory = std::unique_ptr<DIR, DirectoryCloser>;

struct Name {
  std::string text;
  unsigned char type;
};

/// Walks a folder with its own stack, so that depth is bounded by memory alone.
///
/// Folders are visited in byte order of names, whatever the file system's order, since the first way to a
/// symlinked folder is the one that counts: a folder reached by symlinks is visited by the first of them only.
/// That ends loops, and stops trees of symlinks that lead to each other from growing without bound.
class Walk {
 public:
  explicit Walk(std::string root) : root_(std::move(root)) {}

  std::vector<Entry> run() {
    pending_.push_back({});
    while (!pending_.empty()) {
      const Pending folder = std::move(pending_.back());
      pending_.pop_back();
      enter(folder);
    }
    return std::move(entries_);
  }

 private:
  void enter(const Pending& folder) {
    const Directory directory(::opendir(full(folder.path).c_str()));
    if (!directory) fail(folder.path);
    struct stat status {};
    if (::fstat(::dirfd(directory.get()), &status) != 0) fail(folder.path);
    const FolderId id{status.st_dev, status.st_ino};
    if (is_ancestor(id, folder.parent)) return;
    if (folder.by_symlink && !by_symlink_.insert(id).second) return;
    visited_.push_back({id, folder.parent});

    const std::size_t here = visited_.size() - 1;
    const std::size_t first_new = pending_.size();
    for (const Name& name : names_of(directory.get(), folder.path)) take(directory.get(), folder.path, name, here);
    std::reverse(pending_.begin() + static_cast<std::ptrdiff_t>(first_new), pending_.end());  // a stack: last first
  }

  [[nodiscard]] std::vector<Name> names_of(DIR* directory, const std::string& path) const {
    std::vector<Name> names;
    for (;;) {
      errno = 0;
      const dirent* item = ::readdir(directory);
      if (item == nullptr) break;
      const std::string_view name = item->d_name;
      if (name != "." && name != "..") names.push_back({std::string(name), item->d_type});
    }
    if (errno != 0) fail(path);
    std::ranges::sort(names, {}, &Name::text);
    return names;
  }

  void take(DIR* directory, const std::string& folder, const Name& name, std::size_t here) {
    const bool picture = is_picture_name(name.text);
    if (name.type == DT_REG && !picture) return;
    struct stat status {};
    if (name.type != DT_DIR && ::fstatat(::dirfd(directory), name.text.c_str(), &status, 0) != 0) {
      // A symlink to nowhere, or a file that went away: it stays in the catalogue, to be reported.
      if (picture) entries_.push_back({folder + name.text, -1, {}, 0});
      return;
    }
    if (name.type == DT_DIR || S_ISDIR(status.st_mode)) {
      pending_.push_back({folder + name.text + "/", here, is_symlink(directory, name)});
    } else if (picture && S_ISREG(status.st_mode)) {
      entries_.push_back({folder + name.text, static_cast<std::int64_t>(status.st_size), {}, 0});
    }
  }

  static bool is_symlink(DIR* directory, const Name& name) {
    if (name.type != DT_UNKNOWN) return name.type == DT_LNK;
    struct stat status {};
    return ::fstatat(::dirfd(directory), name.text.c_str(), &status, AT_SYMLINK_NOFOLLOW) == 0 &&
           S_ISLNK(status.st_mode);
  }

  [[nodiscard]] bool is_ancestor(const FolderId& id, std::size_t parent) const {
    for (; parent != no_parent; parent = visited_[parent].parent) {
      if (visited_[parent].id == id) return true;
    }
    return false;
  }

  [[nodiscard]] std::string full(const std::string& path) const { return root_ + "/" + path; }

  [[noreturn]] void fail(const std::string& path) const {
    const int cause = errno;
    throw file_error(stage, full(path), cause, "every folder of the corpus must be readable");
  }

  std::string root_;
  std::vector<Pending> pending_;
  std::vector<Visited> visited_;
  std::set<FolderId> by_symlink_;
  std::vector<Entry> entries_;
};

}  // namespace

std::vector<Entry> list_folder(const std::string& root) { return Walk(root).run(); }

}  // namespace pool3::corpus
