#pragma once
// Inception-v3 up to pool_3, as nodes.

#include <string>

#include "pool3/weights.hpp"

namespace pool3::exchange::onnx {

/// From `input`, float [N, 3, 299, 299], to `features`, float [N, 2048]. `quantised`: weights are stored in 8 bits with
/// a step for each output channel; the arithmetic stays in floats. REQUIRES: the weights are complete.
[[nodiscard]] std::string network_nodes(const Weights& weights, bool quantised);

}  // namespace pool3::exchange::onnx
