#pragma once
// Rows of an earlier feature file that need not be computed again.

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "pool3/features.hpp"

namespace pool3 {

/// The done rows of a finished file. Safe from any thread.
class OldRows {
 public:
  /// How a row of the new file finds its old one.
  enum class Match : std::uint8_t {
    by_content,  ///< the picture's key, wherever it was; takes 24 bytes of memory a row
    by_row,      ///< the same row, without a look at the picture
  };
  /// Throws Error.
  OldRows(const std::string& path, Match match);

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
  Match match_;
  std::vector<ImageKey> keys_;                    ///< by row
  std::vector<RowStatus> status_;                 ///< by row
  std::vector<std::pair<ImageKey, Row>> by_key_;  ///< done rows in order of keys
};

}  // namespace pool3
