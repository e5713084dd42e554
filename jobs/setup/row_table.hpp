#pragma once
// A file that says something of each row of a feature file: by path, or in the order of the rows.

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "pool3/corpus.hpp"
#include "pool3/exchange/import.hpp"
#include "pool3/store/features.hpp"

namespace pool3::jobs {

/// FILE[:COLUMN] of a table, a list, or an array of NumPy or HDF5. Read when it is made.
class RowTable {
 public:
  /// `stage` is for errors. Of a table with paths and more columns, the one with the first of the `usual` names is
  /// taken if none is given. Not collective; throws Error.
  RowTable(const std::string& source, std::string stage, std::span<const std::string_view> usual);

  [[nodiscard]] const std::string& stage() const { return stage_; }
  [[nodiscard]] std::string name() const { return name_.text(); }
  /// The rows have paths.
  [[nodiscard]] bool by_path() const { return paths_.has_value(); }
  /// As they are in the file.
  [[nodiscard]] const std::vector<std::string>& values() const { return paths_ ? paths_->values : values_; }

  /// The value of each row of the feature file.
  struct Found {
    std::vector<std::optional<std::string>> values;  ///< nothing for a row that the table has not
    std::int64_t missing = 0;                        ///< rows of the feature file that the table has not
    std::int64_t more = 0;                           ///< rows of the table that the feature file has not
  };
  /// A list of paths alone gives "" for each row that it has. Not collective. Throws Error: no row is found, not as
  /// many values as rows, two values for one path.
  [[nodiscard]] Found of_rows(const FeatureReader& reader) const;

 private:
  [[nodiscard]] Found by_order(const FeatureReader& reader, const std::vector<std::string>& values) const;
  std::string stage_;
  TableName name_;
  std::optional<PathValues> paths_;
  std::vector<std::string> values_;
};

/// The table that a flag names; null if `source` is "". A process reads it once: before MPI starts, when flags are
/// checked, if all is well. From one thread. Throws what RowTable() throws.
[[nodiscard]] const RowTable* row_table(const std::string& source, const std::string& stage,
                                        std::span<const std::string_view> usual);

}  // namespace pool3::jobs
