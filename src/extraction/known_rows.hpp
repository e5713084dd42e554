#pragma once
// Rows of an earlier feature file that need not be computed again.

#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "pool3/extraction.hpp"

namespace pool3::extraction {

/// The done rows of a finished file. Safe from any thread.
class KnownRows {
 public:
  /// Throws Error.
  KnownRows(const std::string& path, RowMatch match);

  /// The block that was read last; one for each thread.
  struct Cursor {
    std::int64_t block = -1;
    std::vector<float> features;
  };
  /// By row: puts row `row`'s features and key there, or returns false. Throws Error for a damaged block.
  bool take(Row row, std::span<float> features, ImageKey& key, Cursor& cursor) const;
  /// By content: puts the features of a row of this key there, or returns false. Throws Error for a damaged block.
  bool take(const ImageKey& key, std::span<float> features, Cursor& cursor) const;

 private:
  void read_row(Row row, std::span<float> features, Cursor& cursor) const;
  FeatureReader reader_;
  RowMatch match_;
  std::vector<ImageKey> keys_;                    ///< by row
  std::vector<RowStatus> status_;                 ///< by row
  std::vector<std::pair<ImageKey, Row>> by_key_;  ///< done rows in order of keys
};

}  // namespace pool3::extraction
