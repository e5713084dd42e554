#pragma once
// A short timing of kernels, for CPUs that nobody has measured.

#include "network/kernels/kernels.hpp"

namespace pool3::network {

/// How many times as fast as `slow` kernels `fast` ones are on layers like the network's, in CPU time of this thread.
/// Takes some hundredths of a second. REQUIRES: neither reads codes.
[[nodiscard]] double time_gain(const Kernels& fast, const Kernels& slow);

}  // namespace pool3::network
