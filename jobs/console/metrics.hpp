#pragma once
// Numbers for monitoring, beside the log: JSON lines, one file a rank, and a text file for Prometheus' node exporter.

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <utility>
#include <vector>

#include "console/clock.hpp"

namespace pool3::jobs {

/// How far a stage is. `total` 0: it does not count.
struct StageProgress {
  std::string stage, note;
  std::int64_t done = 0, total = 0, failed = 0;
  double rate = 0, eta_seconds = -1, elapsed_seconds = 0;
};

/// Where numbers go. Failing to write them never ends a job.
class Metrics {
 public:
  /// `folder`: gets rank-N.jsonl; `prometheus`: a file, the root's alone. Empty: none.
  Metrics(std::string folder, std::string prometheus, std::string command, int rank, Clock clock = Clock::system());

  [[nodiscard]] const std::string& folder() const { return folder_; }
  /// Why numbers can't be written, in one line; "" if they can, as far as can be told now.
  [[nodiscard]] std::string fault() const;
  [[nodiscard]] bool wanted() const { return keeps_ || !folder_.empty() || !prometheus_.empty(); }
  /// From now on the last line of each stage is kept in memory, too.
  void keep() { keeps_ = true; }
  /// These lines, as they stand in the file.
  [[nodiscard]] std::string kept() const;
  /// Root only: how far the job is.
  void progress(const StageProgress& progress);
  /// What this rank itself has done so far, as numbers.
  void own(const std::string& stage, const std::vector<std::pair<const char*, double>>& numbers);
  /// Root only: how the job ended.
  void end(int exit_code);

 private:
  /// What every line begins with.
  [[nodiscard]] nlohmann::ordered_json head() const;
  void append(const nlohmann::ordered_json& line);
  void remember(const nlohmann::ordered_json& line, const std::string& text);
  void write_prometheus(int exit_code, bool ended) const;

  std::string folder_, prometheus_, command_;
  int rank_;
  Clock clock_;
  StageProgress last_, counted_;
  struct Kept {
    std::string what, line;  ///< kind and stage
    double elapsed_seconds = 0;
  };
  bool keeps_ = false;
  std::vector<Kept> kept_;
};

/// True every five seconds; for callers that are in a loop.
class MetricsClock {
 public:
  explicit MetricsClock(Clock clock = Clock::system()) : clock_(std::move(clock)), next_(clock_.seconds()) {}
  [[nodiscard]] bool due();

 private:
  Clock clock_;
  double next_;
};

}  // namespace pool3::jobs
