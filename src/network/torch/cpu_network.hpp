#pragma once
// Inception-v3 by oneDNN's convolutions, for CPUs that pool3 has no kernels for.

#include <memory>

#include "pool3/network.hpp"

namespace pool3::network {

/// REQUIRES: `weights` are complete.
[[nodiscard]] std::unique_ptr<Network> open_on_cpu(const Weights& weights, const NetworkOptions& options);

}  // namespace pool3::network
