#pragma once
// Which rows of a feature file may be an answer, each picture once.

#include <optional>
#include <string>
#include <vector>

#include "pool3/store/features.hpp"
#include "pool3/training.hpp"

namespace pool3::jobs {

/// What rows are asked for. By default, all that are done.
struct RowFilter {
  std::string class_name;    ///< or ""
  std::optional<Side> side;  ///< of `split`
  Split split;
};

/// The rows that count. Copies of a picture (the same key) are one: the first of them stands for all. Takes some 50
/// bytes of memory a row of the file.
class CatalogueRows {
 public:
  /// Not collective. Throws Error: no such class, a table that can't be read.
  CatalogueRows(const FeatureReader& reader, const RowFilter& filter);

  /// `row`, if it counts and is the first of its picture, else -1.
  [[nodiscard]] Row number(Row row) const { return first_[static_cast<std::size_t>(row)] ? row : -1; }
  /// Pictures that count.
  [[nodiscard]] std::int64_t pictures() const { return pictures_; }
  /// The first row of each picture that counts, rising.
  [[nodiscard]] std::vector<Row> first_rows() const;
  /// All rows that count of the picture of this row, in rising order.
  [[nodiscard]] std::vector<Row> same_picture(Row row) const;

 private:
  /// Where the first row with this key is, or belongs.
  [[nodiscard]] std::size_t slot_of(const ImageKey& key) const;

  std::vector<ImageKey> keys_;  ///< [rows of the file]
  std::vector<Row> slots_;      ///< a hash table: the first row of each picture, or -1
  std::vector<Row> next_;       ///< [rows of the file] of the same picture, or -1
  std::vector<bool> first_;     ///< [rows of the file]
  std::int64_t pictures_ = 0;
};

}  // namespace pool3::jobs
