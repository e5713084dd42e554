#pragma once
// The threads of a rank that turn blocks of files into blocks of features.

#include <condition_variable>
#include <deque>
#include <exception>
#include <limits>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "old_rows.hpp"
#include "pool3/corpus.hpp"
#include "pool3/features.hpp"
#include "pool3/image.hpp"
#include "pool3/network.hpp"
#include "seen_pictures.hpp"

namespace pool3::jobs {

/// Files to read: one block of the feature file.
struct BlockTask {
  std::int64_t index = 0;
  Row first_row = 0;
  std::vector<std::string> paths;  ///< as in the catalogue
};

/// Seconds of work by stage, over all threads of a rank.
struct StageSeconds {
  double read = 0, decode = 0, resize = 0, network = 0;
  void add(const StageSeconds& other);
};

/// A finished block.
struct BlockResult {
  std::int64_t index = 0;
  std::vector<float> features;  ///< [rows, 2048]
  std::vector<ImageKey> keys;
  std::vector<RowStatus> status;
  std::vector<Failure> failures;
  std::int64_t copied = 0;  ///< rows that were taken from an older file
  StageSeconds seconds;
};

inline constexpr float largest_of_float = std::numeric_limits<float>::max();
inline constexpr float largest_of_half = 65504;

struct WorkSettings {
  EntryReader entries;  ///< from the folder that relative paths start from
  DecodeOptions decode;
  InputProfile profile = InputProfile::nsfwjs;
  std::shared_ptr<SeenPictures> seen;  ///< for copies; may be null
  const OldRows* old = nullptr;        ///< rows that need not be computed again
  float largest = largest_of_float;    ///< a feature above it is as bad as one that is not finite
};

/// What feature files call the way from file to network input: the profile, and whether JPEG is decoded fast.
struct InputName {
  std::string profile;
  bool fast_decode = false;
};
[[nodiscard]] std::string to_string(const InputName& name);
[[nodiscard]] InputName parse_input_name(const std::string& text);

/// Reads, decodes, resizes and embeds one block on the calling thread. A bad image becomes a status.
[[nodiscard]] BlockResult embed_block(const BlockTask& task, const WorkSettings& settings, const Network& network);

/// Each thread takes a whole block through all stages, with the network on that thread alone. So the threads never
/// wait for each other, a slow picture holds up one thread only, and a block's bytes don't depend on their number.
class Workers {
 public:
  /// `network` must outlive the workers.
  Workers(const Network& network, WorkSettings settings, int threads);
  ~Workers();
  Workers(const Workers&) = delete;
  Workers& operator=(const Workers&) = delete;

  void submit(BlockTask task);
  /// A finished block, waiting at most `wait_seconds` for one. Rethrows what a thread threw.
  [[nodiscard]] std::optional<BlockResult> take(double wait_seconds);
  /// Forgets the blocks that no thread has begun.
  void drop_waiting();
  /// Blocks submitted and not taken yet.
  [[nodiscard]] int in_flight() const { return in_flight_; }

 private:
  void work();
  const Network* network_;
  WorkSettings settings_;
  std::mutex mutex_;
  std::condition_variable has_task_, has_result_;
  std::deque<BlockTask> tasks_;
  std::deque<BlockResult> results_;
  std::exception_ptr failure_;
  bool stop_ = false;
  int in_flight_ = 0;
  std::vector<std::thread> threads_;
};

}  // namespace pool3::jobs
