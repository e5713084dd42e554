#pragma once
// Pictures on their way into the network, gathered from any blocks.

#include <deque>
#include <memory>
#include <span>
#include <vector>

#include "extraction/block.hpp"

namespace pool3 {

/// One call of the network.
struct InputBatch {
  std::vector<float> input;     ///< [lanes, 299, 299, 3]
  std::vector<float> features;  ///< [lanes, 2048]
  std::vector<BlockRow> rows;   ///< whose picture is in which lane; without a block: nobody's
  std::size_t filled = 0;       ///< lanes whose picture is there
};

/// Batches that are being filled, and full ones. Memory of batches that are given back is used again. Not thread-safe,
/// but for what a Lane leads to.
class InputBatches {
 public:
  explicit InputBatches(int lanes) : lanes_(static_cast<std::size_t>(lanes)) {}

  struct Lane {
    std::shared_ptr<InputBatch> batch;
    std::size_t index = 0;
    [[nodiscard]] std::span<float> input() const;
  };
  /// A place for one picture, the caller's alone until filled().
  [[nodiscard]] Lane reserve(BlockRow row);
  /// The picture is in its lane, or nobody wants it any more. True if the batch is full now.
  bool filled(const Lane& lane, bool wanted);
  [[nodiscard]] bool has_full() const { return !full_.empty(); }
  /// True if pictures wait in a batch that is not full.
  [[nodiscard]] bool has_part() const { return filling_ && filling_->filled > 0; }
  /// A full batch, or else the part of one. REQUIRES: there is one, and no lane of the part is empty.
  [[nodiscard]] std::shared_ptr<InputBatch> take();
  void give_back(std::shared_ptr<InputBatch> batch);

 private:
  std::size_t lanes_;
  std::shared_ptr<InputBatch> filling_;
  std::deque<std::shared_ptr<InputBatch>> full_;
  std::vector<std::shared_ptr<InputBatch>> spare_;
};

}  // namespace pool3
