#pragma once
// Rows of a table that are not as the others. Private to the room.

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "corpus/tables/columns.hpp"
#include "corpus/tables/records.hpp"

namespace pool3::corpus {

/// The rows of a sample that have as many fields as most of them, below a header. A header with one field less has none
/// for the first column; one with fewer has none for the last. With no such rows, the sample as it is.
[[nodiscard]] Sample regular_rows(Sample sample);

/// The column with the longest texts, where a separator that nobody quoted is most likely. Never that of the paths,
/// unless there is no other.
[[nodiscard]] std::size_t widest_column(const Sample& sample, const Columns& columns);

/// Makes rows fit, and counts those that are odd.
class OddRows {
 public:
  OddRows(const Columns& columns, std::size_t widest, char separator)
      : columns_(columns), widest_(widest), separator_(separator) {}

  /// Gives the record `count` fields: what is too much goes to the widest column, what lacks is empty. False for a row
  /// without a path, and for a remark.
  [[nodiscard]] bool take(Record& record);
  /// The table has rows, and none has a path.
  [[nodiscard]] bool are_all() const { return taken_ == 0 && without_path_.count > 0; }
  [[nodiscard]] std::int64_t first_without_path() const { return without_path_.line; }
  /// What users should know, a sentence each. `header`: names of columns, or empty.
  [[nodiscard]] std::vector<std::string> words(const std::vector<std::string>& header) const;

 private:
  struct Kind {
    std::int64_t count = 0, line = 0;  ///< the first one's
    void add(const Record& record) {
      if (count++ == 0) line = record.line;
    }
  };
  void shorten(Record& record) const;
  const Columns& columns_;
  std::size_t widest_;
  char separator_;
  std::int64_t taken_ = 0;
  Kind too_long_, too_short_, without_path_, remarks_;
};

}  // namespace pool3::corpus
