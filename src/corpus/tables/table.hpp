#pragma once
// CSV and TSV tables and text lists. Private to the room.

#include <cstdint>
#include <functional>
#include <string_view>

#include "corpus/tables/text_input.hpp"

namespace pool3::corpus {

/// A row; its strings live as long as the call that gets it.
struct TableRow {
  std::string_view path;
  std::string_view label;
  std::int64_t line = 0;  ///< where it begins, from 1
};

struct TableShape {
  std::int64_t rows = 0;
  bool has_labels = false;  ///< there is a label column
};

/// Calls `use` with each row of a CSV (the path ends in .csv), TSV (.tsv) or text list (any other ending, any case),
/// in their order. Throws Error: unreadable, malformed (naming the line).
TableShape read_table(TextInput& input, const std::function<void(const TableRow&)>& use);

/// Calls `use` with each line that is not blank, and its number. Throws Error.
void read_lines(TextInput& input, const std::function<void(std::string_view text, std::int64_t line)>& use);

}  // namespace pool3::corpus
