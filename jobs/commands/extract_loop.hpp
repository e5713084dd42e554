#pragma once
// The main thread of a rank while its workers compute and write: asks for blocks, reports.

#include <chrono>

#include "commands/extract_report.hpp"
#include "console/stop_signal.hpp"
#include "extraction/workers.hpp"
#include "pool3/features.hpp"
#include "pool3/task_pool.hpp"

namespace pool3::jobs {

/// Works off the blocks of the file with the other ranks. Collective.
class ExtractLoop {
 public:
  ExtractLoop(const Context& context, FeatureWriter& writer, Workers& workers);

  /// Until everything is done, or a signal came to any rank: then batches in work are finished if that takes less
  /// than some seconds.
  void run(const StopSignal::Deferred& signal);
  /// Collective: true if blocks are left.
  [[nodiscard]] bool was_stopped() const { return !context_.comm.all(!stopping_); }
  /// Images done by this and earlier runs. Root only.
  [[nodiscard]] std::int64_t images_done() const { return before_ + pool_.tally()[0]; }
  /// Those of them that failed. Root only.
  [[nodiscard]] std::int64_t images_failed() const { return writer_.failed_before() + pool_.tally()[1]; }

  RankTally tally;
  std::int64_t limit = -1;  ///< failed pictures that end the job are more than these; -1: none do

 private:
  using Clock = std::chrono::steady_clock;

  void stop();
  void accept(std::int64_t task);
  void ask();
  void leave();
  void count(const BlockResult& block);
  [[nodiscard]] bool wants_more() const;
  [[nodiscard]] std::string note() const;
  void measure(double seconds) const;

  const Context& context_;
  FeatureWriter& writer_;
  Workers& workers_;
  std::int64_t before_;
  TaskPool pool_;
  MetricsClock own_clock_;
  TaskPool::Note news_{};
  std::vector<Failure> known_;  ///< the first failures of this rank
  Clock::time_point give_up_;
  std::int64_t last_task_ = -1;
  bool asking_ = false, none_left_ = false, left_ = false, stopping_ = false;
};

}  // namespace pool3::jobs
