#pragma once
// How far a stage is, with rate and time left: in the log, and in the metrics.

#include <cstdint>
#include <string>

#include "console/log.hpp"

namespace pool3::jobs {

/// Progress of one stage. With a unit it counts, with rate and time left; without one it shows the note and the time
/// so far. On a terminal it is a line that is redrawn. Elsewhere it is a line every five seconds in the first minute;
/// then one with each percent, but not within 30 seconds of the last, and at least one in five minutes. Without a unit
/// a hundredth of the time so far stands for the percent.
class Progress {
 public:
  /// `before`: how many of `total` were done when it began; they don't count for the rate.
  Progress(Log& log, std::string stage, std::string unit, std::int64_t total, std::int64_t before = 0);
  /// Call as often as you like.
  void update(std::int64_t done, const std::string& note = {});
  /// Shows the last state, whatever the time.
  void finish(std::int64_t done, const std::string& note = {});
  [[nodiscard]] double seconds() const { return log_->clock().seconds() - start_; }

  std::int64_t failed = 0;  ///< of those done; for the metrics

 private:
  [[nodiscard]] bool due(std::int64_t done) const;
  [[nodiscard]] bool is_percent_further(std::int64_t done) const;
  void show(std::int64_t done, const std::string& note, bool last);
  void measure(std::int64_t done, const std::string& note) const;
  [[nodiscard]] double rate(std::int64_t done) const;
  [[nodiscard]] std::string counts(std::int64_t done, bool last, Fields& fields) const;

  Log* log_;
  std::string stage_, unit_;
  std::int64_t total_, before_;
  double start_;
  double shown_seconds_ = 0;  ///< when a line was last shown, since the start
  std::int64_t shown_done_;   ///< what it said
  MetricsClock metrics_clock_;
};

}  // namespace pool3::jobs
