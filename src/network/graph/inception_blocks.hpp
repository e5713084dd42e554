#pragma once
// The graph of Inception-v3 up to its last block, as pipelines: the stem, then one for each mixed block.

#include <vector>

#include "network/graph/pipeline.hpp"

namespace pool3::network {

/// REQUIRES: `weights` are complete. The first pipeline takes pictures.
[[nodiscard]] std::vector<Pipeline> make_blocks(const Kernels& kernels, const Weights& weights);

}  // namespace pool3::network
