#pragma once
// What a table's columns are, by its header and its first rows. Private to the room.

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace pool3::corpus {

/// What users name: a name of the header, or a number from 1; "" for what is found.
struct ColumnNames {
  std::string path, label;
  std::string weight;       ///< of what a row's label weighs beside others of its picture; "": all weigh the same
  bool all_labels = false;  ///< pictures of several labels come once with each
};

/// Which fields of a record are what.
struct Columns {
  std::size_t path = 0;
  std::optional<std::size_t> label, weight;
  std::size_t count = 0;   ///< fields of each record
  bool is_header = false;  ///< the first record is
  bool has_paths = false;  ///< a name or its fields say that `path` is one; else it is the first there is
  std::string what;        ///< what was taken for what, in words
  std::string unclear;     ///< why there is no label, if it is not for want of columns
};

/// `text` up to the end of its last line, if it is long: there may be more in the file.
[[nodiscard]] std::string_view whole_lines(std::string_view text);

/// The fields of a table's first records.
using Sample = std::vector<std::vector<std::string>>;

/// The first records of `text`, the beginning of a table, with this separator; none if it is malformed so.
[[nodiscard]] Sample sample_of(std::string_view text, char separator);

/// The character between fields: the one that a first line names, else `expected` (that of the file's ending) unless
/// the rows make more sense with a comma, a semicolon, a tab, a bar or blanks.
[[nodiscard]] char find_separator(std::string_view text, char expected);

/// What stands for the separator of a table of JSON lines, whose sample has a header.
inline constexpr char json_separator = '{';

/// A header has names that tools use for paths or labels, or names no picture where the rows below do. `table` is for
/// errors. Throws Error: a column that `names` names and the table lacks (usage), two columns of one name. REQUIRES:
/// the sample is not empty.
[[nodiscard]] Columns find_columns(const Sample& sample, char separator, const ColumnNames& names,
                                   const std::string& table);

/// Lower case, without blanks and what tools put between words.
[[nodiscard]] std::string normalised(std::string_view name);

/// Where the label begins in lines "PATH LABEL", with a blank, tab, comma or semicolon between them, as Caffe has them.
/// Nothing if not every line of `text` is of that kind.
[[nodiscard]] std::optional<char> find_list_separator(std::string_view text);

/// The character between the fields of a text whose name does not say that it is a table, if its first line is a header
/// or every line has a picture's name and two fields or more beside it. Nothing for lists of paths, alone or with a
/// label.
[[nodiscard]] std::optional<char> find_text_separator(std::string_view text);

}  // namespace pool3::corpus
