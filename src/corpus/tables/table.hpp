#pragma once
// CSV and TSV tables, JSON and text lists. Private to the room.

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "corpus/tables/columns.hpp"
#include "corpus/tables/text_input.hpp"

namespace pool3::corpus {

/// A row; its strings live as long as the call that gets it.
struct TableRow {
  std::string_view path;
  std::string_view label;
  double weight = 1;       ///< of the label, beside others of the same picture
  bool has_label = false;  ///< the table has labels; this one may be empty
  std::int64_t line = 0;   ///< where it begins, from 1
};

struct TableShape {
  std::int64_t rows = 0;
  bool has_labels = false;       ///< there is a label column
  std::string what;              ///< which column was taken for what, in words; "" for lines of paths
  std::string unclear;           ///< why there is no label column, if not for want of columns
  std::string placement;         ///< how paths were changed to find their files, in words; "": not at all
  std::vector<std::string> odd;  ///< what is odd in some rows, and how they were taken, in words
  std::int64_t unread_rows = 0;  ///< those that are damaged, and not among `rows`
};

using TableUse = std::function<void(const TableRow&)>;

/// Calls `take` with each row of a CSV (the path ends in .csv), TSV (.tsv), JSON lines (.jsonl, .ndjson), a JSON
/// document (.json) or text list (any other ending; any case), in their order. Separators, header and columns are found
/// by the first rows, and so is how paths lead to files (path_placement.hpp). Rows that are not as the others are taken
/// as odd_rows.hpp says; those without a path are left out. Throws Error: unreadable, malformed (naming the line), no
/// such column.
TableShape read_table(TextInput& input, const ColumnNames& names, const TableUse& take);

/// The weight that a field of a table says; 0 for what is no number above 0.
double weight_of(std::string_view field);

/// Throws Error for a path that is too long, and for an address in a table that begins with one: a single one is a
/// picture that is not there.
void check_path(std::string_view value, const std::string& path, std::int64_t line, bool is_first);

/// Calls `use` with each line that is not blank, and its number. Throws Error.
void read_lines(TextInput& input, const std::function<void(std::string_view text, std::int64_t line)>& use);

}  // namespace pool3::corpus
