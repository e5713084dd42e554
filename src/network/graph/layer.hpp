#pragma once
// Layers by their names, with their weights.

#include <string>
#include <vector>

#include "network/kernels/kernels.hpp"
#include "pool3/weights.hpp"

namespace pool3::network {

/// What one layer computes.
struct Layer {
  std::string name;                ///< torchvision's
  Tensor weight;                   ///< [out, in, height, width], if it is the layer's own
  std::vector<float> bias;         ///< [out]
  ChannelCodes codes;              ///< [out] of its output; empty: not in codes
  bool fine = false;               ///< these, see View
  bool carry = false;              ///< how weights are rounded to codes, see operand_of()
  const Tensor* shared = nullptr;  ///< the weights that are not: they must live as long

  [[nodiscard]] const Tensor& weights() const { return shared == nullptr ? weight : *shared; }
};

/// A layer of the network, with codes for int8 kernels; shares the tensor. REQUIRES: `weights` are complete.
[[nodiscard]] Layer layer_named(const Kernels& kernels, const Weights& weights, const std::string& name);
/// The layer without bias, ReLU and codes, for an average pool that brings them.
[[nodiscard]] Layer before_pooling(Layer layer);
[[nodiscard]] Geometry geometry_of(const std::string& name);

}  // namespace pool3::network
