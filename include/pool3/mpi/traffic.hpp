#pragma once
// What messages cost: for scaling experiments.

#include <cstdint>

namespace pool3 {

class Communicator;

/// What this process has spent in collective calls so far, over all communicators.
struct Traffic {
  std::int64_t calls = 0;  ///< sums, maxima, broadcasts and exchanges on more than one rank
  std::int64_t bytes = 0;  ///< payload of these
  double seconds = 0;      ///< in them, with the time that was spent waiting for other ranks
  [[nodiscard]] Traffic since(const Traffic& earlier) const {
    return {calls - earlier.calls, bytes - earlier.bytes, seconds - earlier.seconds};
  }
};
/// So far. Not collective.
[[nodiscard]] Traffic traffic();

/// Of messages from one rank to another.
struct MessageCost {
  double latency_seconds = 0;   ///< of 8 bytes, one way
  double bytes_per_second = 0;  ///< of 4 MiB, one way, without the latency
};
/// Measured: messages between the first and the last rank, which launchers place farthest apart, while the others wait.
/// The fastest of many. REQUIRES: two ranks or more. Collective; takes less than a second if every rank has a core.
[[nodiscard]] MessageCost measure_messages(const Communicator& comm);

}  // namespace pool3
