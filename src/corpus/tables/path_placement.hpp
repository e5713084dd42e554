#pragma once
// How the paths of a table or list lead to its pictures, where they don't as they are written. Private to the room.

#include <string>
#include <string_view>
#include <vector>

namespace pool3::corpus {

/// What is changed in each path, in this order. With nothing changed, paths are as written.
struct Placement {
  bool with_slashes = false;  ///< backslashes, as on Windows, become slashes
  std::string without;        ///< taken away in front, where a path begins so: folders of another machine, or too many
  std::string below;          ///< put in front: the folder that holds the pictures, beside the table or up to two above
  std::string ending;         ///< put behind names without the ending of a picture

  [[nodiscard]] bool is_as_written() const {
    return !with_slashes && without.empty() && below.empty() && ending.empty();
  }
  [[nodiscard]] std::string of(std::string_view path) const;
  /// In words. REQUIRES: not as written.
  [[nodiscard]] std::string words() const;
};

/// Paths of a table that are looked at: its first ones.
inline constexpr std::size_t placement_sample = 32;

/// The folder that a table is in, absolute and without links; "" if that can't be told.
[[nodiscard]] std::string real_folder_of(const std::string& table);

/// How many of these paths are there, from `folder`, in this way.
[[nodiscard]] std::ptrdiff_t count_there(const std::string& folder, const std::vector<std::string>& paths,
                                         const Placement& way);

/// As written, unless none of `paths` is there so from `folder`, and at least half of them are in another way, always
/// the same. Looks at some thousand names of files at most.
[[nodiscard]] Placement find_placement(const std::string& folder, const std::vector<std::string>& paths);

/// True if the path is one of a regular file, or leads into a tar file.
[[nodiscard]] bool is_there(const std::string& folder, std::string_view path);

/// The endings of pictures, in lower and in upper case.
[[nodiscard]] const std::vector<std::string>& endings_in_both_cases();

}  // namespace pool3::corpus
