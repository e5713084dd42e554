#pragma once
// The threads of a rank that turn blocks of files into blocks of features.

#include <condition_variable>
#include <deque>
#include <exception>
#include <functional>
#include <limits>
#include <memory>
#include <mutex>
#include <optional>
#include <string_view>
#include <thread>
#include <vector>

#include "extraction/block.hpp"
#include "extraction/input_batches.hpp"
#include "extraction/known_rows.hpp"
#include "extraction/seen_pictures.hpp"
#include "pool3/image.hpp"
#include "pool3/network.hpp"

namespace pool3 {

/// Seconds of work by stage, over all threads of a rank.
struct StageSeconds {
  double read = 0, write = 0;                  ///< on threads of their own
  double decode = 0, resize = 0, network = 0;  ///< on computing threads
};

inline constexpr float largest_of_float = std::numeric_limits<float>::max();
inline constexpr float largest_of_half = 65504;

struct WorkSettings {
  /// The bytes of an entry. Throws ReadError; any other exception ends the work. Called by several threads.
  std::function<std::vector<std::byte>(std::string_view path)> read;
  DecodeOptions decode;
  InputProfile profile = InputProfile::nsfwjs;
  int batch = 16;                      ///< pictures of one call of the network
  std::shared_ptr<SeenPictures> seen;  ///< for copies; may be null
  const OldRows* old = nullptr;        ///< rows that need not be computed again
  float largest = largest_of_float;    ///< a feature above it is as bad as one that is not finite
  /// Keeps a finished block; may be empty. Always called by the same thread, beside the others.
  std::function<void(const BlockResult&)> write = nullptr;
};

/// How many threads do what.
struct WorkThreads {
  int computing = 1;  ///< decode, resize, and run the network
  int in_network;     ///< so many of them at most run the network at the same time
  int reading;        ///< mostly wait for files
};
/// `cores` computing threads, and on a GPU some more that wait for it.
[[nodiscard]] WorkThreads threads_on(int cores, Device device);

/// Reading threads take pictures of blocks in their order and stay a bounded number of pictures and bytes ahead. A
/// computing thread does what is furthest on its way: runs the network on a full batch, or else decodes and resizes the
/// next picture into the batch that is being filled. So cores go where the work is, no thread waits while there is
/// some, and a huge picture holds up one thread only. A picture's features depend on itself alone, so who computes it,
/// and beside which others, changes nothing. A bad picture becomes a status.
class Workers {
 public:
  /// `network` must outlive the workers.
  Workers(const Network& network, WorkSettings settings, WorkThreads threads);
  ~Workers();
  Workers(const Workers&) = delete;
  Workers& operator=(const Workers&) = delete;

  void submit(BlockTask task);
  /// A finished block, waiting at most `wait_seconds` for one. Rethrows what a thread threw.
  [[nodiscard]] std::optional<BlockResult> take(double wait_seconds);
  /// Forgets the blocks of which no picture has been decoded.
  void drop_waiting();
  /// Blocks submitted and not taken yet.
  [[nodiscard]] int in_flight() const { return in_flight_; }
  [[nodiscard]] StageSeconds seconds() const;
  /// True if another block is needed to keep all threads busy and batches full.
  [[nodiscard]] bool wants_more() const;

 private:
  /// A picture that has been read.
  struct Picture {
    BlockRow row;
    std::vector<std::byte> bytes;
  };
  /// Adds to a stage what has passed since the last call.
  class Lap;
  using Lock = std::unique_lock<std::mutex>;

  void start(void (Workers::*loop)(Lock& lock));
  void read_loop(Lock& lock);
  void compute_loop(Lock& lock);
  void write_loop(Lock& lock);
  [[nodiscard]] bool can_read() const;
  [[nodiscard]] bool can_run() const;
  std::optional<Picture> read(const BlockRow& row, OldRows::Cursor& cursor);
  void decode_one(Lock& lock, Lap& lap);
  void run_network(Lock& lock, Lap& lap);
  void fail(const BlockRow& row, RowStatus status, const std::string& message);
  void settle(const BlockRow& row);
  void leave_the_way(std::int64_t pictures);

  const Network* network_;
  WorkSettings settings_;
  WorkThreads threads_;
  mutable std::mutex mutex_;  ///< of all below
  std::condition_variable to_read_, to_compute_, to_write_, to_take_;
  std::vector<std::shared_ptr<OpenBlock>> open_;   ///< not finished, in order of submit()
  std::deque<std::shared_ptr<OpenBlock>> unread_;  ///< those of them with pictures that nobody reads yet
  std::deque<Picture> pictures_;                   ///< read, and to be decoded
  std::size_t being_read_ = 0;
  std::size_t bytes_ahead_ = 0;  ///< of pictures_
  std::int64_t on_the_way_ = 0;  ///< pictures submitted, neither settled nor in a batch
  std::int64_t unsettled_ = 0;   ///< pictures of open blocks
  InputBatches batches_;
  int in_network_ = 0;
  std::deque<BlockResult> unwritten_, finished_;
  StageSeconds seconds_;
  std::exception_ptr failure_;
  bool stop_ = false;
  int in_flight_ = 0;  ///< the owner's thread alone
  std::vector<std::thread> running_;
};

}  // namespace pool3
