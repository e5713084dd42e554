#pragma once
// What a job says while it works: lines on stderr, as text or JSON. Results go to stdout.

#include <iosfwd>
#include <string>
#include <utility>
#include <vector>

#include "console/clock.hpp"
#include "console/metrics.hpp"

namespace pool3::jobs {

/// Fields that go with a line: {"images", "812"}.
using Fields = std::vector<std::pair<std::string, std::string>>;

/// Where lines go, and what time it is.
struct LogTarget {
  std::ostream* stream = nullptr;  ///< outlives the log
  bool terminal = false;           ///< a line can be redrawn
  Clock clock = Clock::system();

  [[nodiscard]] static LogTarget standard_error();
};

/// Lines on stderr. Only the root rank's log speaks.
class Log {
 public:
  /// `metrics`: where progress also goes; may be null. Must outlive the log.
  Log(bool speaks, bool json, Metrics* metrics = nullptr, LogTarget target = LogTarget::standard_error());
  /// "12:30:05 STAGE: message" or {"time":..., "stage":..., "message":..., fields}. Fields show in JSON alone.
  void line(const std::string& stage, const std::string& message, const Fields& fields = {});
  /// A line in place of the last drawn one. Only where redraws() is true.
  void draw(const std::string& text);
  /// Takes the drawn line away.
  void erase_drawn();

  [[nodiscard]] bool speaks() const { return speaks_; }
  [[nodiscard]] bool json() const { return json_; }
  [[nodiscard]] bool redraws() const { return target_.terminal && !json_; }
  [[nodiscard]] Metrics* metrics() const { return metrics_; }
  [[nodiscard]] const Clock& clock() const { return target_.clock; }

 private:
  void write(const std::string& text) const;
  [[nodiscard]] std::string now_text(const char* format) const;
  [[nodiscard]] std::string json_line(const std::string& stage, const std::string& message, const Fields& fields) const;
  bool speaks_, json_;
  Metrics* metrics_;
  LogTarget target_;
  bool drawn_ = false;  ///< a line is being redrawn, and not ended
};

}  // namespace pool3::jobs
