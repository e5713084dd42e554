#pragma once
// A block between submit() and its end.

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "pool3/extraction.hpp"

namespace pool3::extraction {

/// Where a picture is on its way. It only moves forward, and may go from any of them to `settled`.
enum class Station : std::uint8_t {
  waiting,   ///< nobody has begun to read it
  reading,   ///< a thread reads it
  ahead,     ///< it has been read, and waits for a computing thread
  decoding,  ///< a thread decodes and resizes it
  batched,   ///< it is in a batch, which waits for the network or is in it
  settled,   ///< its row has features or a failure, or it is not wanted any more
};
inline constexpr std::size_t stations = 5;  ///< those before `settled`

/// What is to be read, and what came of it. Threads may fill different rows at the same time; all else is the Ledger's.
struct OpenBlock {
  OpenBlock(BlockTask given, std::int64_t features_of_a_row);
  /// [width]
  [[nodiscard]] std::span<float> features(std::size_t row);

  BlockTask task;
  BlockResult result;
  std::size_t width;
  std::vector<Station> station;   ///< of each row
  std::size_t begun_reading = 0;  ///< rows that are past `waiting`: the first ones
  std::size_t unsettled;
  bool begun = false;    ///< a picture has been decoded
  bool dropped = false;  ///< it is not wanted any more
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

}  // namespace pool3::extraction
