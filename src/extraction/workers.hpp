#pragma once
// The threads of a rank that turn blocks of files into blocks of features.

#include <condition_variable>
#include <deque>
#include <exception>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "extraction/batches.hpp"
#include "extraction/known_rows.hpp"
#include "extraction/ledger.hpp"
#include "extraction/seen_pictures.hpp"
#include "extraction/thread_count.hpp"
#include "pool3/extraction.hpp"

namespace pool3::extraction {

struct WorkSettings {
  RowRecipe recipe;
  int batch = 16;  ///< pictures of one call of the network
  ExtractionJob job;
};

/// Reading threads take pictures of blocks in their order and stay a bounded number of pictures and bytes ahead. A
/// computing thread does what is furthest on its way: runs the network on a full batch, or else decodes and resizes the
/// next picture into the batch that is being filled. So cores go where the work is, no thread waits while there is
/// some, and a huge picture holds up one thread only. A picture's features depend on itself alone, so who computes it,
/// and beside which others, changes nothing. A bad picture becomes a status. The Ledger knows where each picture is.
class Workers {
 public:
  /// `network` must outlive the workers.
  Workers(const Network& network, WorkSettings settings, WorkThreads threads);
  ~Workers();
  Workers(const Workers&) = delete;
  Workers& operator=(const Workers&) = delete;

  /// REQUIRES: the block has a row.
  void submit(BlockTask task);
  /// A finished block, waiting at most `wait_seconds` for one. Rethrows what a thread threw.
  [[nodiscard]] std::optional<BlockResult> take(double wait_seconds);
  /// Forgets the blocks of which no picture has been decoded.
  void drop_waiting();
  /// Blocks submitted and not taken yet.
  [[nodiscard]] int in_flight() const;
  [[nodiscard]] StageSeconds seconds() const;
  /// True if another block is needed to keep all threads busy and batches full.
  [[nodiscard]] bool wants_more() const;

 private:
  /// Adds to a stage what has passed since the last call.
  class Lap;
  using Lock = std::unique_lock<std::mutex>;
  /// Why a row has no features.
  struct Refusal {
    RowStatus status;
    std::string message;
  };
  /// What became of a picture that was to be read.
  struct Reading {
    std::vector<std::byte> bytes;  ///< to be decoded, unless one of the others holds
    bool copied = false;           ///< its features are there, from an older file
    bool seen = false;             ///< its features are there, from a copy of the picture
    std::optional<Refusal> refusal;
  };

  void start(void (Workers::*loop)(Lock& lock));
  void end();
  void read_loop(Lock& lock);
  void compute_loop(Lock& lock);
  void write_loop(Lock& lock);
  Reading read(const BlockRow& row, KnownRows::Cursor& cursor);
  void decode_one(Lock& lock, Lap& lap);
  void run_network(Lock& lock, Lap& lap);
  [[nodiscard]] std::vector<bool> keep_features(const Batch& batch);

  // REQUIRE: locked.
  [[nodiscard]] bool can_run() const;
  [[nodiscard]] std::size_t share() const;
  void wake();
  void refuse(const BlockRow& row, const Refusal& refusal);
  void finish(std::optional<BlockResult> block);

  const Network* network_;
  WorkSettings settings_;
  DecodeOptions decoding_;
  WorkThreads threads_;
  std::optional<SeenPictures> seen_;
  mutable std::mutex mutex_;  ///< of all below
  std::condition_variable to_read_, to_compute_, to_write_, to_take_;
  Ledger ledger_;
  Batches batches_;
  int in_network_ = 0;
  std::deque<BlockResult> unwritten_, finished_;
  StageSeconds seconds_;
  std::exception_ptr failure_;
  bool stop_ = false;
  std::vector<std::thread> running_;
};

}  // namespace pool3::extraction
