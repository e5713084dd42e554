#pragma once
// Pictures on their way into the network, gathered from any blocks.

#include <cstdint>
#include <deque>
#include <memory>
#include <span>
#include <vector>

#include "extraction/block.hpp"

namespace pool3::extraction {

/// One call of the network.
struct Batch {
  std::unique_ptr<float[]> pixels;  ///< NOLINT(modernize-avoid-c-arrays): no page of it is touched before its slot is
  std::span<float> input;           ///< [slots, 299, 299, 3]; what no picture was put into is not set
  std::vector<float> features;      ///< [slots, width]
  std::vector<BlockRow> rows;       ///< whose picture is in which slot; without a block: nobody's
  std::size_t filled = 0;           ///< slots whose picture is there
  bool closed = false;              ///< no more slots are given out
};

/// Batches that are being filled, and full ones: closed, and all their pictures there. Memory of batches that are given
/// back is used again. Not thread-safe, but for what a Slot leads to.
class Batches {
 public:
  Batches(int slots, std::int64_t width)
      : slots_(static_cast<std::size_t>(slots)), width_(static_cast<std::size_t>(width)) {}

  /// A place for one picture.
  struct Slot {
    std::shared_ptr<Batch> batch;
    std::size_t index = 0;
    [[nodiscard]] std::span<float> input() const;
  };
  /// A slot of the batch that is being filled, the caller's alone until filled(). The batch is closed once it has
  /// `share` slots, or all there can be.
  [[nodiscard]] Slot reserve(BlockRow row, std::size_t share);
  /// The picture is in its slot, or it is not wanted any more.
  void filled(const Slot& slot, bool wanted);
  [[nodiscard]] bool has_full() const { return !full_.empty(); }
  /// True if pictures wait in a batch that is not closed.
  [[nodiscard]] bool has_part() const { return filling_ && filling_->filled > 0; }
  /// A full batch, or else the part of one. REQUIRES: there is one, and no slot of the part is empty.
  [[nodiscard]] std::shared_ptr<Batch> take();
  void give_back(std::shared_ptr<Batch> batch);

 private:
  std::size_t slots_, width_;
  std::shared_ptr<Batch> filling_;
  std::deque<std::shared_ptr<Batch>> full_;
  std::vector<std::shared_ptr<Batch>> spare_;
};

}  // namespace pool3::extraction
