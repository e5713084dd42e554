#include "network/graph/layer.hpp"

#include <unordered_map>

namespace pool3::network {

Layer layer_named(const Kernels& kernels, const Weights& weights, const std::string& name) {
  const auto found = weights.codes.find(name);
  const bool codes = kernels.precision == Precision::int8 && found != weights.codes.end();
  return {.name = name,
          .weight = {},
          .bias = weights.tensors.at(name + ".bias").values,
          .codes = codes ? found->second : ChannelCodes{},
          .fine = codes && has_fine_codes(name),
          .carry = weights.codes.contains("Conv2d_1a_3x3"),  // else they were calibrated by an early pool3
          .shared = &weights.tensors.at(name + ".weight")};
}

Layer before_pooling(Layer layer) {
  layer.name.clear();
  layer.bias.clear();
  layer.codes = {};
  layer.fine = false;
  return layer;
}

Geometry geometry_of(const std::string& name) {
  static const auto by_name = [] {
    std::unordered_map<std::string, Geometry> map;
    for (const ConvolutionShape& s : convolution_shapes())
      map[s.name] = {s.kernel_height, s.kernel_width, s.stride, s.pad_height, s.pad_width};
    return map;
  }();
  return by_name.at(name);
}

}  // namespace pool3::network
