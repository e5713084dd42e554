#pragma once
// Weights for the tests of the rooms weights and network.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <optional>
#include <string>

#include "pool3/weights.hpp"
#include "support/error_of.hpp"
#include "support/slurp.hpp"
#include "support/temporary_folder.hpp"

namespace pool3::test {

/// Complete weights whose values follow from their place alone, of a size that keeps the activations' size (He et al.
/// 2015).
inline Weights made_up_weights() {
  Weights weights;
  weights.source = "made up";
  unsigned state = 1;
  const auto fill = [&](const std::string& name, std::vector<std::int64_t> shape, double variance) {
    std::size_t count = 1;
    for (const std::int64_t n : shape) count *= static_cast<std::size_t>(n);
    Tensor& tensor = weights.tensors[name] = {std::move(shape), std::vector<float>(count)};
    for (float& v : tensor.values) {
      state = state * 1664525U + 1013904223U;
      v = (static_cast<float>(state >> 8U) / 16777216.0F - 0.5F) * static_cast<float>(std::sqrt(12 * variance));
    }
  };
  for (const ConvolutionShape& s : convolution_shapes()) {
    fill(s.name + ".weight", {s.out_channels, s.in_channels, s.kernel_height, s.kernel_width},
         2.0 / (s.in_channels * s.kernel_height * s.kernel_width));
    fill(s.name + ".bias", {s.out_channels}, 0.01);
  }
  return weights;
}

/// The real weights, or nothing if this machine has none.
inline std::optional<std::string> real_weights_path() {
  const char* chosen = std::getenv("POOL3_WEIGHTS");
  const std::string path = chosen != nullptr ? chosen : POOL3_SOURCE_DIR "/weights/inception_v3.safetensors";
  if (!std::filesystem::exists(path)) return std::nullopt;
  return path;
}

}  // namespace pool3::test
