#pragma once
// A network for measurements: its time does not depend on its weights.

#include <algorithm>
#include <cmath>
#include <random>
#include <utility>
#include <vector>

#include "pool3/weights.hpp"

namespace pool3::bench {

/// Weights that keep the activations in a sane range (He et al. 2015).
inline Weights random_weights() {
  Weights weights;
  weights.source = "random";
  std::mt19937 random(42);
  for (const ConvolutionShape& s : convolution_shapes()) {
    const int fan_in = s.in_channels * s.kernel_height * s.kernel_width;
    std::normal_distribution<float> normal(0.0F, std::sqrt(2.0F / static_cast<float>(fan_in)));
    std::vector<float> values(static_cast<std::size_t>(s.out_channels) * static_cast<std::size_t>(fan_in));
    std::ranges::generate(values, [&] { return normal(random); });
    weights.tensors[s.name + ".weight"] = {{s.out_channels, s.in_channels, s.kernel_height, s.kernel_width},
                                           std::move(values)};
    weights.tensors[s.name + ".bias"] = {{s.out_channels},
                                         std::vector<float>(static_cast<std::size_t>(s.out_channels), 0.1F)};
  }
  return weights;
}

}  // namespace pool3::bench
