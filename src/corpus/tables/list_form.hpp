#pragma once
// What the lines of a text list are. Private to the room.

#include <optional>
#include <string>
#include <string_view>

#include "corpus/tables/path_placement.hpp"
#include "corpus/tables/text_input.hpp"

namespace pool3::corpus {

/// What follows a number and blanks, as in "17 a/b.jpg"; none if there is no number in front.
[[nodiscard]] std::optional<std::string_view> behind_number(std::string_view line);

struct ListLine {
  std::string_view path, label;
  std::string_view id = {};  ///< where there is one
};

/// How a line is read: a path, or a path and a label.
struct ListForm {
  std::optional<char> separator;  ///< between path and label, the last in the line; none where there is no label
  bool id_in_front = false;       ///< a word and a blank (id_tables.hpp)
  Placement placement;            ///< how paths lead to files

  /// A path in double quotes comes without them.
  [[nodiscard]] ListLine parts_of(std::string_view line) const;
  /// What was taken for what; "" for lines of a path alone.
  [[nodiscard]] std::string words() const;
};

/// Told by names of pictures; where no path is there so, by what makes the first lines the paths of files: a label
/// behind a name without an ending, or an id in front.
[[nodiscard]] ListForm find_list_form(TextInput& input);

}  // namespace pool3::corpus
