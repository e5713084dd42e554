#pragma once
// What a corpus holds before it is sorted and labelled. Private to the room.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace pool3::corpus {

inline constexpr const char* stage = "list corpus";

/// One picture as the folder or table has it.
struct Entry {
  std::string path;         ///< relative to the root, or absolute
  std::int64_t bytes = -1;  ///< -1: not a regular file that can be looked at
  std::string column;       ///< the table's own label
  std::int64_t line = 0;    ///< in the table, from 1
};

/// ASCII letters in lower case, whatever the locale.
[[nodiscard]] inline std::string lower_case(std::string_view text) {
  std::string lower(text);
  for (char& c : lower) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  return lower;
}

/// The pictures of a folder, in no particular order. Throws Error: a folder that can't be read.
[[nodiscard]] std::vector<Entry> list_folder(const std::string& root);

struct Table {
  std::vector<Entry> entries;  ///< sizes not filled in
  bool has_labels = false;     ///< there is a label column
};

/// The rows of a CSV (`path` ends in .csv), TSV (.tsv) or text list (any other ending, any case), in their order.
/// Throws Error: unreadable, malformed (naming the line).
[[nodiscard]] Table read_table(const std::string& path);

}  // namespace pool3::corpus
