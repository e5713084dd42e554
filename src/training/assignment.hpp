#pragma once
// Which side each row of a file is on, and in which fold.

#include <cstdint>
#include <vector>

#include "pool3/store/features.hpp"
#include "pool3/training.hpp"

namespace pool3::training {

/// The split of one file. By keys alone it looks at nothing else; where classes or folders count, it looks at the whole
/// file's labels, statuses or paths.
class Assignment {
 public:
  /// Not collective. `folds`: 0 for none. Throws Error.
  Assignment(const FeatureReader& reader, const Split& split, int folds);
  /// Of a row that is done and has a label.
  [[nodiscard]] bool is_on(Side side, Row row, const ImageKey& key) const;
  /// Of a training row. REQUIRES: folds above 0.
  [[nodiscard]] std::int32_t fold(Row row, const ImageKey& key) const;

 private:
  const Split& split_;
  int folds_;
  void split_by_class(const FeatureReader& reader);
  void fold_by_class(const FeatureReader& reader);
  [[nodiscard]] GroupId group(Row row) const;
  std::vector<RowSide> sides_;      ///< [rows of the file], unless keys say it
  std::vector<std::int32_t> fold_;  ///< [rows of the file], if classes count
};

/// A factor for each row of the file; nothing if `source`, FILE[:DATASET], is "". Throws Error.
[[nodiscard]] std::vector<float> weights_of_rows(const FeatureReader& reader, const std::string& source);

}  // namespace pool3::training
