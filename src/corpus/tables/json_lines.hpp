#pragma once
// Tables of JSON lines: an object a row, its keys the columns. Private to the room.

#include <string>
#include <string_view>
#include <vector>

#include "corpus/tables/columns.hpp"

namespace pool3::corpus {

/// True if the file's name ends in .jsonl or .ndjson.
[[nodiscard]] bool is_json_lines_name(std::string_view path);

/// The first records of `text`, the beginning of a file: the keys as a header, in the order in which they come, then a
/// record a line. Keys of an object inside are OUTER.INNER. Lines that are no objects are left out here; the reading of
/// the whole file says which they are.
[[nodiscard]] Sample sample_of_json_lines(std::string_view text);

/// Reads lines under keys that are known.
class JsonLine {
 public:
  explicit JsonLine(std::vector<std::string> keys) : keys_(std::move(keys)) {}
  /// The fields of a line, one a key: a text, a number or a truth as text, "" for all else and for a key that is not
  /// there. False if the line is no JSON object.
  [[nodiscard]] bool read(std::string_view line, std::vector<std::string>& fields) const;

 private:
  std::vector<std::string> keys_;
};

}  // namespace pool3::corpus
