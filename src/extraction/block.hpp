#pragma once
// A block of the feature file: what is to be read, and what came of it.

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "pool3/features.hpp"
#include "pool3/types.hpp"

namespace pool3 {

/// Files to read: one block of the feature file.
struct BlockTask {
  std::int64_t index = 0;
  Row first_row = 0;
  std::vector<std::string> paths;  ///< as in the catalogue
};

/// A finished block.
struct BlockResult {
  std::int64_t index = 0;
  std::vector<float> features;  ///< [rows, 2048]
  std::vector<ImageKey> keys;
  std::vector<RowStatus> status;
  std::vector<Failure> failures;  ///< in order of rows
  std::int64_t copied = 0;        ///< rows that were taken from an older file
};

/// A block between submit() and its end. Threads may fill different rows at the same time.
struct OpenBlock {
  explicit OpenBlock(BlockTask given);
  /// [2048]
  [[nodiscard]] std::span<float> features(std::size_t row);
  /// Not safe from two threads.
  void fail(std::size_t row, RowStatus status, const std::string& message);

  BlockTask task;
  BlockResult result;
  std::size_t unread;     ///< rows that no thread has begun to read: the last ones
  std::size_t unsettled;  ///< rows without features and without a failure
  bool begun = false;     ///< a picture has been decoded
  bool dropped = false;   ///< nobody wants it any more
};

/// A row of an open block.
struct BlockRow {
  std::shared_ptr<OpenBlock> block;
  std::size_t row = 0;
  [[nodiscard]] const std::string& path() const { return block->task.paths[row]; }
  [[nodiscard]] Row number() const { return block->task.first_row + static_cast<Row>(row); }
  [[nodiscard]] ImageKey& key() const { return block->result.keys[row]; }
  [[nodiscard]] std::span<float> features() const { return block->features(row); }
};

}  // namespace pool3
