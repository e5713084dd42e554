#pragma once
// What folders and tar files hold beside the pictures of the catalogue, counted by reason. Private to the room.

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace pool3::corpus {

/// Why a file or folder is left out.
enum class Reason : char {
  ending = 'e',   ///< of its name, which is counted: ".txt", or "" for none
  hidden = 'h',   ///< a hidden file, or one that a system keeps for itself
  folder = 'f',   ///< a hidden folder, or one of a system or an editor; its name is counted
  no_file = 'n',  ///< a pipe, a socket or a device
  gone = 'g',     ///< a folder that went away while it was listed
  shard = 's',    ///< a tar file beside pictures
  repeat = 'r',   ///< a member of a tar file whose name comes again behind it
  name = 'l',     ///< a member of a tar file whose name is longer than paths may be
};

/// Counts by reason, and for endings and folders by name.
class LeftOut {
 public:
  void add(Reason reason, std::string_view name = {}, std::int64_t count = 1);
  void add(const LeftOut& more);
  [[nodiscard]] bool empty() const { return counts_.empty(); }
  /// All but unread_pictures(): "left out: 12 files that are no pictures by name (.txt 10, .npy 2), 3 hidden or system
  /// files"; "" for none.
  [[nodiscard]] std::string text() const;
  /// A line a format that is not read: how many pictures are in it by name, and what converts them.
  [[nodiscard]] std::vector<std::string> unread_pictures() const;

  // As keys, the reason's character and the name, and counts: to send and to keep them.
  [[nodiscard]] const std::map<std::string, std::int64_t>& counts() const { return counts_; }
  void add_key(std::string_view key, std::int64_t count);

 private:
  std::map<std::string, std::int64_t> counts_;
};

}  // namespace pool3::corpus
