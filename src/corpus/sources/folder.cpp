#include "corpus/sources/folder.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <deque>
#include <memory>
#include <optional>
#include <utility>

#include "corpus/error_stage.hpp"
#include "corpus/file_names.hpp"
#include "corpus/sources/linked_folders.hpp"
#include "corpus/sources/text_packing.hpp"
#include "corpus/sources/work_rounds.hpp"
#include "pool3/files.hpp"
#include "pool3/partition.hpp"

namespace pool3::corpus {
namespace {

using Kind = FolderItem::Kind;

struct DirectoryCloser {
  void operator()(DIR* directory) const { ::closedir(directory); }
};
using Directory = std::unique_ptr<DIR, DirectoryCloser>;

[[noreturn]] void fail(const std::string& folder) {
  const int number = errno;
  throw file_error({stage, folder}, number,
                   number == ENAMETOOLONG
                       ? "move it up, or give a folder in it as one more --corpus and leave this one out"
                       : "every folder of the corpus must be readable");
}

bool is_symlink(DIR* directory, const char* name) {
  struct stat status {};
  return ::fstatat(::dirfd(directory), name, &status, AT_SYMLINK_NOFOLLOW) == 0 && S_ISLNK(status.st_mode);
}

/// Of a regular file, or of what can't be looked at.
std::optional<Kind> kind_of_file(std::string_view name, bool exists, LeftOut& left_out) {
  if (is_picture_name(name)) return Kind::picture;
  if (is_shard_name(name) && exists) return Kind::shard;
  if (!is_index_name(name)) left_out.add(Reason::ending, ending_of(name));
  return std::nullopt;
}

/// Nothing for entries that are left out, which are counted.
std::optional<Kind> kind_of(DIR* directory, const dirent& item, LeftOut& left_out) {
  const bool foreign = is_foreign_name(item.d_name);
  if (item.d_type == DT_REG && !foreign) return kind_of_file(item.d_name, true, left_out);
  if (item.d_type == DT_DIR && !foreign) return Kind::folder;
  struct stat status {};
  const bool exists = ::fstatat(::dirfd(directory), item.d_name, &status, 0) == 0;
  if (foreign) {
    const bool folder = exists && S_ISDIR(status.st_mode);
    left_out.add(folder ? Reason::folder : Reason::hidden, folder ? item.d_name : "");
    return std::nullopt;
  }
  // A symlink to nowhere, or a file that went away: it stays in the catalogue, to be reported.
  if (!exists || S_ISREG(status.st_mode)) return kind_of_file(item.d_name, exists, left_out);
  if (S_ISDIR(status.st_mode)) return is_symlink(directory, item.d_name) ? Kind::linked_folder : Kind::folder;
  left_out.add(Reason::no_file);
  return std::nullopt;
}

/// Folders of one round for each rank: few enough that the answers are small, many enough that rounds cost little.
constexpr std::int64_t folders_of_round = 64;

/// The walk over real folders. Those that symlinks lead to are kept for later.
class Walk {
 public:
  Walk(std::string root, const FolderUse& use) : root_(std::move(root)), use_(use) { pending_.emplace_back(); }

  std::vector<std::string> links;  ///< symlinks to folders, relative to the root
  LeftOut left_out;

  /// For each rank the folders that it reads, as full and relative paths; nothing at the end.
  std::vector<std::string> next(int ranks) {
    if (pending_.empty()) return {};
    const auto count = std::min(static_cast<std::int64_t>(pending_.size()), folders_of_round * ranks);
    std::vector<std::string> parts(static_cast<std::size_t>(ranks));
    for (int rank = 0; rank < ranks; ++rank) {
      for (auto left = even_share(count, ranks, rank).size(); left > 0; --left) {
        pack(parts[static_cast<std::size_t>(rank)], root_ + "/" + pending_.front());
        pack(parts[static_cast<std::size_t>(rank)], pending_.front());
        pending_.pop_front();
      }
    }
    return parts;
  }

  /// What each folder holds: its relative path, then its items, then an empty string; then reasons of what is left out,
  /// each with its count, then an empty string.
  static std::string read(std::string_view folders) {
    std::string answer;
    while (!folders.empty()) {
      const std::string full(unpack(folders));
      pack(answer, unpack(folders));
      const FolderContent content = read_folder(full);
      for (const FolderItem& item : content.items) pack(answer, static_cast<char>(item.kind) + item.name);
      pack(answer, "");
      for (const auto& [reason, count] : content.left_out.counts()) {
        pack(answer, reason);
        pack(answer, std::to_string(count));
      }
      pack(answer, "");
    }
    return answer;
  }

  void take(std::string_view answer) {
    while (!answer.empty()) {
      const std::string folder(unpack(answer));
      for (std::string_view item = unpack(answer); !item.empty(); item = unpack(answer)) {
        std::string path = folder;
        path += item.substr(1);
        const auto kind = static_cast<Kind>(item[0]);
        if (kind == Kind::picture || kind == Kind::shard) use_(path, kind);
        if (item[0] == static_cast<char>(Kind::folder)) pending_.push_back(path + "/");
        if (item[0] == static_cast<char>(Kind::linked_folder)) links.push_back(std::move(path));
      }
      for (std::string_view reason = unpack(answer); !reason.empty(); reason = unpack(answer)) {
        if (folder.empty() && reason[0] == static_cast<char>(Reason::gone)) fail_gone();
        left_out.add_key(reason, std::stoll(std::string(unpack(answer))));
      }
    }
  }

 private:
  /// The root itself must stay.
  [[noreturn]] void fail_gone() const {
    errno = ENOENT;
    fail(root_);
  }

  std::string root_;
  const FolderUse& use_;
  std::deque<std::string> pending_;  ///< relative to the root; empty for the root, else with a slash at the end
};

/// The order of a walk that takes the names of each folder in byte order.
bool comes_first(const std::string& a, const std::string& b) {
  return std::lexicographical_compare(a.begin(), a.end(), b.begin(), b.end(), [](char x, char y) {
    const auto rank = [](char c) { return c == '/' ? 0 : static_cast<unsigned char>(c) + 1; };
    return rank(x) < rank(y);
  });
}

}  // namespace

bool is_gone(int error_number) { return error_number == ENOENT || error_number == ENOTDIR || error_number == ESTALE; }

FolderContent read_folder(const std::string& folder) {
  FolderContent content;
  const auto gone = [&] {
    content.items.clear();
    content.left_out.add(Reason::gone);
    return content;
  };
  const Directory directory(::opendir(folder.c_str()));
  if (!directory && is_gone(errno)) return gone();
  if (!directory) fail(folder);
  for (;;) {
    errno = 0;
    const dirent* item = ::readdir(directory.get());
    if (item == nullptr) break;
    const std::string_view name = item->d_name;
    if (name == "." || name == "..") continue;
    if (const auto kind = kind_of(directory.get(), *item, content.left_out)) {
      content.items.push_back({*kind, std::string(name)});
    }
  }
  if (is_gone(errno)) return gone();
  if (errno != 0) fail(folder);
  std::ranges::sort(content.items, {}, &FolderItem::name);
  return content;
}

LeftOut list_folder(const Communicator& comm, std::string root, const FolderUse& use) {
  const std::string start = root;
  Walk walk(std::move(root), use);
  run_rounds(comm, {.next = [&] { return walk.next(comm.size()); },
                    .work = [](const std::string& part) { return Walk::read(part); },
                    .take =
                        [&](std::vector<std::string>&& answers) {
                          for (const std::string& answer : answers) walk.take(answer);
                        }});
  comm.root_does([&] {
    std::ranges::sort(walk.links, comes_first);
    walk.left_out.add(list_linked_folders(start, walk.links, use));
  });
  return std::move(walk.left_out);
}

}  // namespace pool3::corpus
