#pragma once
// The blocks of a feature file, which ranks work off together.

#include <chrono>
#include <cstdint>
#include <vector>

#include "pool3/extraction.hpp"
#include "pool3/mpi/task_pool.hpp"

namespace pool3::extraction {

/// Asks the other ranks for blocks, and keeps count. Every rank runs one, at the same time.
class FileFeed : public BlockFeed {
 public:
  FileFeed(const Communicator& comm, Extraction& extraction, FeatureWriter& writer, const FileWatch& watch);

  std::optional<BlockTask> next() override;
  void finished(const BlockResult& block) override;
  [[nodiscard]] bool ended() const override { return pool_.finished(); }
  /// Short: other ranks wait for answers of the pool meanwhile.
  [[nodiscard]] double wait_seconds() const override { return 0.002; }

  [[nodiscard]] FileProgress progress() const;
  /// True if this rank was asked to stop, or heard of it.
  [[nodiscard]] bool stopping() const { return stopping_; }

 private:
  using Clock = std::chrono::steady_clock;

  void stop();
  [[nodiscard]] std::optional<BlockTask> accept(std::int64_t task);
  void ask();
  void leave_if_done();
  [[nodiscard]] bool wants_more() const;

  const Communicator& comm_;
  Extraction& extraction_;
  FeatureWriter& writer_;
  const FileWatch& watch_;
  std::int64_t before_;  ///< images that earlier runs have done
  TaskPool pool_;
  TaskPool::Note news_;  ///< what the pool has not been told yet
  RankTally tally_;
  std::vector<Failure> sample_;
  Clock::time_point start_ = Clock::now();
  double cpu_start_;
  Clock::time_point give_up_;
  std::int64_t last_task_ = -1;
  bool asking_ = false;     ///< a question is open
  bool none_left_ = false;  ///< the pool has nothing more
  bool left_ = false;       ///< the pool knows that this rank asks no more
  bool stopping_ = false;
};

}  // namespace pool3::extraction
