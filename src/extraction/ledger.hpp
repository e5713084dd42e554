#pragma once
// Where every picture of a rank is, from submit() to its end.

#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "extraction/block.hpp"

namespace pool3::extraction {

/// A picture that has been read.
struct Picture {
  BlockRow row;
  std::vector<std::byte> bytes;
};

/// Moves pictures from station to station, and counts them. Not thread-safe: Workers call it under their lock.
///
/// Invariant, which holds() checks by counting anew:
/// - Each row of an open block is at one station, and a block's `unsettled` are its rows before `settled`.
/// - `at_[s]` are the rows of open blocks at station s; `at_[reading]` also has the orphans, the rows of dropped blocks
///   that a thread still reads.
/// - Blocks in `unread_` are the open ones with waiting rows, in order of submit(); waiting rows are the last ones.
/// - `ahead_` has the pictures at station `ahead`, in the order in which they were read, and `bytes_ahead_` their
/// bytes.
/// - A dropped block has no row at `ahead`, `decoding` or `batched`. An open block has an unsettled row.
class Ledger {
 public:
  /// How far reading may get ahead of computing.
  struct Limits {
    std::size_t pictures = 0;  ///< being read or ahead
    std::size_t bytes = 0;     ///< ahead; the last picture may go beyond
  };
  Ledger(Limits limits, std::int64_t width) : limits_(limits), width_(width) {}

  /// REQUIRES: the block has a row.
  void submit(BlockTask task);

  /// True if a picture waits, and few enough are ahead of the computing threads.
  [[nodiscard]] bool can_read() const;
  /// The next picture, waiting -> reading. REQUIRES: can_read().
  [[nodiscard]] BlockRow begin_reading();
  /// reading -> ahead, unless it is not wanted any more.
  void end_reading(const BlockRow& row, std::vector<std::byte> bytes);

  [[nodiscard]] bool can_decode() const { return !ahead_.empty(); }
  /// The next picture, ahead -> decoding. REQUIRES: can_decode().
  [[nodiscard]] Picture begin_decoding();
  /// decoding -> batched.
  void end_decoding(const BlockRow& row) { move(row, Station::batched); }

  /// The row has its features; `copied`: from an older file. Gives the block if this was its last row, with its
  /// failures in order.
  [[nodiscard]] std::optional<BlockResult> settle(const BlockRow& row, bool copied = false);
  /// The row has failed. Otherwise like settle().
  [[nodiscard]] std::optional<BlockResult> fail(const BlockRow& row, RowStatus status, const std::string& message);
  /// Forgets the blocks of which no picture has been decoded.
  void drop_unbegun();
  /// The owner has got a finished block.
  void hand_over() { --in_flight_; }

  [[nodiscard]] std::int64_t at(Station station) const { return at_.at(static_cast<std::size_t>(station)); }
  /// Pictures that may still come into a batch.
  [[nodiscard]] std::int64_t before_batches() const;
  /// Pictures of open blocks without features and without a failure.
  [[nodiscard]] std::int64_t unsettled() const { return before_batches() + at(Station::batched) - orphans_; }
  [[nodiscard]] std::size_t bytes_ahead() const { return bytes_ahead_; }
  /// Blocks submitted, and neither dropped nor handed over.
  [[nodiscard]] int in_flight() const { return in_flight_; }
  /// For tests: whether the invariant holds.
  [[nodiscard]] bool holds() const;

 private:
  void move(const BlockRow& row, Station to);
  [[nodiscard]] std::int64_t& count(Station station) { return at_.at(static_cast<std::size_t>(station)); }
  void drop(OpenBlock& block);

  Limits limits_;
  std::int64_t width_;
  std::array<std::int64_t, stations> at_{};
  std::int64_t orphans_ = 0;
  std::vector<std::shared_ptr<OpenBlock>> open_;  ///< neither finished nor dropped, in order of submit()
  std::deque<std::shared_ptr<OpenBlock>> unread_;
  std::deque<Picture> ahead_;
  std::size_t bytes_ahead_ = 0;
  int in_flight_ = 0;
};

}  // namespace pool3::extraction
