#pragma once
// What this process has spent in collective calls so far, over all communicators: for scaling experiments.

#include <cstdint>

namespace pool3 {

struct Traffic {
  std::int64_t calls = 0;  ///< sums, maxima and broadcasts on more than one rank
  std::int64_t bytes = 0;  ///< payload of these
  double seconds = 0;      ///< in them, with the time that was spent waiting for other ranks
  [[nodiscard]] Traffic since(const Traffic& earlier) const {
    return {calls - earlier.calls, bytes - earlier.bytes, seconds - earlier.seconds};
  }
};
[[nodiscard]] Traffic traffic();

}  // namespace pool3
