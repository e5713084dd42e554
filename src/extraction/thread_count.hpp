#pragma once
// How many threads a rank works with.

#include "pool3/network.hpp"

namespace pool3::extraction {

/// How many threads do what.
struct WorkThreads {
  int computing = 1;   ///< decode, resize, and run the network
  int in_network = 1;  ///< so many of them at most run the network at the same time
  int reading = 1;     ///< mostly wait for files
};
/// `cores` computing threads, and on a GPU some more that wait for it.
[[nodiscard]] WorkThreads threads_on(int cores, Device device);

}  // namespace pool3::extraction
