#include "console/clock.hpp"

#include <chrono>

namespace pool3::jobs {

Clock Clock::system() {
  return {
      .seconds =
          [] { return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count(); },
      .wall_time = [] { return std::time(nullptr); },
      .wall_seconds =
          [] { return std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count(); }};
}

}  // namespace pool3::jobs
