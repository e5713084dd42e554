#pragma once
// Which side each row of a file is on, and in which fold.

#include <cstdint>
#include <vector>

#include "pool3/features.hpp"
#include "pool3/training.hpp"

namespace pool3::training {

/// The split of one file. Pure but for the stratified one, which looks at the whole file's labels and statuses.
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
  std::vector<std::uint8_t> held_out_;  ///< [rows of the file], if stratified
  std::vector<std::int32_t> fold_;      ///< [rows of the file], if stratified
};

}  // namespace pool3::training
