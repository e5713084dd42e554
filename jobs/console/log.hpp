#pragma once
// What a job says while it works: lines on stderr, as text or JSON. Results go to stdout.

#include <chrono>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "console/metrics.hpp"

namespace pool3::jobs {

/// Fields that go with a line: {"images", "812"}.
using Fields = std::vector<std::pair<std::string, std::string>>;

/// Lines on stderr. Only the root rank's log speaks.
class Log {
 public:
  /// `metrics`: where progress also goes; may be null. Must outlive the log.
  Log(bool speaks, bool json, Metrics* metrics = nullptr);
  /// "12:30:05 STAGE: message" or {"time":..., "stage":..., "message":..., fields}. Fields show in JSON alone.
  void line(const std::string& stage, const std::string& message, const Fields& fields = {});
  [[nodiscard]] bool speaks() const { return speaks_; }
  [[nodiscard]] bool json() const { return json_; }
  [[nodiscard]] Metrics* metrics() const { return metrics_; }
  /// Ends a progress line that is being redrawn, so that what follows starts on its own line.
  void end_redrawn_line();

 private:
  friend class Progress;
  bool speaks_, json_;
  Metrics* metrics_;
  bool redrawing_ = false;
};

/// Progress of one stage: on a terminal a line that is redrawn, otherwise a line every few seconds. With a unit it
/// counts, with rate and time left; without one it shows the note and the time so far.
class Progress {
 public:
  /// `before`: how many of `total` were done when it began; they don't count for the rate.
  Progress(Log& log, std::string stage, std::string unit, std::int64_t total, std::int64_t before = 0);
  /// Call as often as you like.
  void update(std::int64_t done, const std::string& note = {});
  /// The last word, whatever the time.
  void finish(std::int64_t done, const std::string& note = {});
  [[nodiscard]] double seconds() const;

  std::int64_t failed = 0;  ///< of those done; for the metrics

 private:
  using Clock = std::chrono::steady_clock;
  void show(std::int64_t done, const std::string& note, bool last);
  void measure(std::int64_t done, const std::string& note);
  [[nodiscard]] double rate(std::int64_t done) const;
  [[nodiscard]] std::string counts(std::int64_t done, bool last, Fields& fields) const;
  Log* log_;
  std::string stage_, unit_;
  std::int64_t total_, before_;
  bool terminal_;
  Clock::time_point start_ = Clock::now();
  Clock::time_point shown_ = start_;
  MetricsClock metrics_clock_;
};

/// "1:02:03" or "2:03".
[[nodiscard]] std::string clock_text(double seconds);
/// "1.5 GB".
[[nodiscard]] std::string bytes_text(double bytes);
/// "3.2e-05".
[[nodiscard]] std::string scientific(double value);
/// Shortest of the usual forms: "0.1", "100".
[[nodiscard]] std::string number_text(double value);
/// Number with `digits` decimals.
[[nodiscard]] std::string fixed(double value, int digits);

}  // namespace pool3::jobs
