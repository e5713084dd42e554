#pragma once
// Inception-v3 in bf16 on oneDNN's convolutions.

#include <memory>

#include "pool3/network.hpp"

namespace pool3::onednn {

/// Null if oneDNN has no fast bf16 convolutions for this CPU. REQUIRES: `weights` are complete.
[[nodiscard]] std::unique_ptr<Network> open_bf16_network(const Weights& weights, const NetworkOptions& options);

}  // namespace pool3::onednn
