#pragma once
// A clock that tests set, and a log that they read.

#include <cstdlib>
#include <sstream>
#include <string>
#include <vector>

#include "console/log.hpp"

namespace pool3::jobs::test {

/// Stands still until it is set. Local time is UTC while it lives.
struct FakeClock {
  double seconds = 1000;                  ///< monotonic
  std::time_t wall_time = 1'700'000'000;  ///< 2023-11-14 22:13:20 UTC

  FakeClock() { set_time_zone("UTC"); }
  void pass(double how_long) {
    seconds += how_long;
    wall_time += static_cast<std::time_t>(how_long);
  }
  /// Reads this one, which must outlive it.
  [[nodiscard]] Clock clock() {
    return {.seconds = [this] { return seconds; }, .wall_time = [this] { return wall_time; }};
  }
  static void set_time_zone(const char* name) {
    setenv("TZ", name, 1);
    tzset();
  }
};

/// What a log has written.
struct Written {
  std::ostringstream stream;

  [[nodiscard]] LogTarget target(FakeClock& clock, bool terminal = false) {
    return {.stream = &stream, .terminal = terminal, .clock = clock.clock()};
  }
  [[nodiscard]] std::string text() const { return stream.str(); }
  [[nodiscard]] std::vector<std::string> lines() const {
    std::vector<std::string> all;
    std::istringstream text(stream.str());
    for (std::string line; std::getline(text, line);) all.push_back(line);
    return all;
  }
};

}  // namespace pool3::jobs::test
