#pragma once
// The 94 convolutions with ReLU, their weights packed for oneDNN.

#include <ATen/core/Tensor.h>
#include <ATen/core/dispatch/Dispatcher.h>
#include <ATen/core/ivalue.h>

#include <string>
#include <unordered_map>

#include "pool3/network.hpp"

namespace pool3::network {

/// Filled by pack(), one call a convolution; after that run() may be called from many threads at once.
class PackedLayers {
 public:
  PackedLayers(const Weights& weights, at::ScalarType type);
  /// Packs the weights of `name` for inputs of x's shape and type, in the layout that oneDNN likes best for it.
  void pack(const std::string& name, const at::Tensor& x);
  /// Convolution and ReLU. REQUIRES: packed for x's shape.
  [[nodiscard]] at::Tensor run(const std::string& name, const at::Tensor& x) const;

 private:
  const Weights* weights_;  // used by pack() alone
  at::ScalarType type_;
  c10::OperatorHandle prepack_;
  c10::OperatorHandle run_;
  std::unordered_map<std::string, c10::IValue> packed_;
};

}  // namespace pool3::network
