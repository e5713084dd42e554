#pragma once
// Inception-v3 on pool3's own kernels.

#include <functional>
#include <memory>
#include <span>

#include "network/graph/pipeline.hpp"
#include "pool3/network.hpp"

namespace pool3::network {

/// `batch`: most images of one call. REQUIRES: `weights` are complete; this CPU can run `kernels`.
[[nodiscard]] std::unique_ptr<Network> open_inception(const Kernels& kernels, const Weights& weights, int batch);

/// Gets each row of each layer's output, and how many of its lanes have pictures: the first ones.
using WatchLayers = std::function<void(const Pipeline::MadeRow& row, int pictures)>;
/// Runs [count, 299, 299, 3] pictures through the network for `watch` alone.
void watch_layers(const Kernels& kernels, const Weights& weights, std::span<const float> input, int count,
                  const WatchLayers& watch);

}  // namespace pool3::network
