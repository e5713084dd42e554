#pragma once
// Pictures of a feature file's rows, where they are now.

#include <atomic>
#include <optional>
#include <string>
#include <vector>

#include "pool3/corpus.hpp"
#include "pool3/image.hpp"
#include "pool3/store/features.hpp"

namespace pool3::jobs {

/// Reads pictures where the file says they are, or in other folders under the longest end of their path that is there.
/// Thread-safe.
class PictureFinder {
 public:
  PictureFinder(const std::string& root, const std::vector<std::string>& folders, const EntryLimits& limits);
  /// Throws ReadError.
  [[nodiscard]] std::vector<std::byte> read(const std::string& path) const;

 private:
  [[nodiscard]] std::optional<std::vector<std::byte>> read_below(const EntryReader& folder,
                                                                 const std::string& path) const;

  EntryReader own_;
  std::vector<EntryReader> others_;
  mutable std::atomic<int> usual_ = 0;
};

/// As the pictures of a file were decoded; with the usual limits, if it is of another program. `side`: see
/// shortest_side.
[[nodiscard]] DecodeOptions decoding_of(const FeatureReader& reader, std::int64_t side);

/// The pictures of some rows, while they are still those that the features were made of. Thread-safe.
class RowPictures {
 public:
  /// `folders`: where they are looked for first. `side`: see shortest_side.
  RowPictures(const FeatureReader& reader, const std::vector<Row>& rows, const std::vector<std::string>& folders,
              std::int64_t side);
  /// That of rows[i]; nothing if another picture is there now. Throws ReadError, ImageError.
  [[nodiscard]] std::optional<Image> read(std::size_t i) const;

 private:
  DecodeOptions options_;
  PictureFinder finder_;
  std::vector<std::string> paths_;  ///< of rows
  std::vector<ImageKey> keys_;      ///< of rows; none if the features are of another program
};

}  // namespace pool3::jobs
