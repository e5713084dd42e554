#pragma once
// CSV and TSV tables, JSON lines and text lists. Private to the room.

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "corpus/tables/columns.hpp"
#include "corpus/tables/text_input.hpp"

namespace pool3::corpus {

/// A row; its strings live as long as the call that gets it.
struct TableRow {
  std::string_view path;
  std::string_view label;
  bool has_label = false;  ///< the table has labels; this one may be empty
  std::int64_t line = 0;   ///< where it begins, from 1
};

struct TableShape {
  std::int64_t rows = 0;
  bool has_labels = false;  ///< there is a label column
  std::string what;         ///< which column was taken for what, in words; "" for lines of paths
  std::string unclear;      ///< why there is no label column, if not for want of columns
  std::string placement;    ///< how paths were changed to find their files, in words; "": not at all
};

using TableUse = std::function<void(const TableRow&)>;

/// Calls `use` with each row of a CSV (the path ends in .csv), TSV (.tsv), JSON lines (.jsonl, .ndjson) or text list
/// (any other ending; any case), in their order. Separators, header and columns are found by the first rows, and so is
/// how paths lead to files (path_placement.hpp). Throws Error: unreadable, malformed (naming the line), no such column.
TableShape read_table(TextInput& input, const ColumnNames& names, const TableUse& use);

/// Calls `use` with each line that is not blank, and its number. Throws Error.
void read_lines(TextInput& input, const std::function<void(std::string_view text, std::int64_t line)>& use);

}  // namespace pool3::corpus
