#pragma once
// The two clocks that a job reads. Tests set their own.

#include <ctime>
#include <functional>

namespace pool3::jobs {

struct Clock {
  std::function<double()> seconds;            ///< since some moment; never goes back
  std::function<std::time_t()> wall_time;     ///< what is written into lines
  std::function<double()> wall_seconds = {};  ///< the same as fine as it is known; may be empty

  [[nodiscard]] static Clock system();
};

}  // namespace pool3::jobs
