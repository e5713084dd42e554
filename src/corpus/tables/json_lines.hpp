#pragma once
// Tables of JSON lines: an object a row, its keys the columns. Private to the room.

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "corpus/tables/columns.hpp"
#include "corpus/tables/path_placement.hpp"
#include "corpus/tables/table.hpp"

namespace pool3::corpus {

/// True if the file's name ends in .jsonl or .ndjson.
[[nodiscard]] bool is_json_lines_name(std::string_view path);

/// The first records of `text`, the beginning of a file: the keys as a header, in the order in which they come, then a
/// record a line. Keys of an object inside are OUTER.INNER. Lines that are no objects are left out here; the reading of
/// the whole file says which they are.
[[nodiscard]] Sample sample_of_json_lines(std::string_view text);

/// The same of the texts of objects.
[[nodiscard]] Sample sample_of_objects(const std::vector<std::string>& texts);

/// An object, or what is_discarded() for anything else.
[[nodiscard]] nlohmann::json object_of(std::string_view line);

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

/// Objects, each a row. Those that are none, and those without a path, are left out and counted.
class ObjectRows {
 public:
  /// `keys`: of the sample. All must outlive this.
  ObjectRows(const std::string& table, const std::vector<std::string>& keys, const Columns& columns,
             const Placement& placement);
  void add(std::string_view text, std::int64_t line, const TableUse& use);
  /// Throws Error if no row has a path.
  [[nodiscard]] TableShape shape();

 private:
  struct Kind {
    std::int64_t count = 0, line = 0;  ///< the first one's
  };
  const std::string& table_;
  const Placement& placement_;
  bool has_weight_;
  JsonLine reader_;
  TableShape shape_;
  std::vector<std::string> fields_;
  Kind unread_, without_path_;
};

}  // namespace pool3::corpus
