#pragma once
// The two clocks that a job reads. Tests set their own.

#include <ctime>
#include <functional>

namespace pool3::jobs {

struct Clock {
  std::function<double()> seconds;         ///< since some moment; never goes back
  std::function<std::time_t()> wall_time;  ///< what is written into lines

  [[nodiscard]] static Clock system();
};

}  // namespace pool3::jobs
