#pragma once
// Inception-v3 on pool3's own kernels.

#include <memory>

#include "network/direct/kernels.hpp"
#include "pool3/network.hpp"

namespace pool3::direct {

/// `batch`: most images of one call. REQUIRES: `weights` are complete; this CPU can run `kernels`.
[[nodiscard]] std::unique_ptr<Network> open_direct_network(const Kernels& kernels, const Weights& weights, int batch);

}  // namespace pool3::direct
