#include "weights/layer_rules.hpp"

#include <fmt/format.h>

#include "weights/refusals.hpp"

namespace pool3::weights {
namespace {

Tensor required(const ReadTensor& read, const std::string& name, const Shape& shape) {
  std::optional<Tensor> tensor = read(name, shape);
  if (!tensor) throw FormatError(fmt::format("no tensor '{}'", name), "not an Inception-v3?");
  return *std::move(tensor);
}

Shape kernel_shape(const ConvolutionShape& s, KernelOrder order) {
  if (order == KernelOrder::hwio) return {s.kernel_height, s.kernel_width, s.in_channels, s.out_channels};
  return {s.out_channels, s.in_channels, s.kernel_height, s.kernel_width};
}

FoldedConvolution read_layer(const ReadTensor& read, const LayerRules& rules, const ConvolutionShape& s,
                             std::size_t number) {
  const LayerNames names = rules.names(s, number);
  const Shape channels = {s.out_channels};
  const Tensor kernel = required(read, names.kernel, kernel_shape(s, rules.order));
  const Tensor gamma =
      rules.needs_gamma ? required(read, names.gamma, channels) : read(names.gamma, channels).value_or(Tensor{});
  const Tensor beta = required(read, names.beta, channels);
  const Tensor mean = required(read, names.mean, channels);
  const Tensor variance = required(read, names.variance, channels);
  return fold_batch_norm(kernel,
                         {.gamma = gamma.values,
                          .beta = beta.values,
                          .mean = mean.values,
                          .variance = variance.values,
                          .epsilon = rules.epsilon},
                         rules.order);
}

}  // namespace

std::map<std::string, Tensor> read_layers(const ReadTensor& read, const LayerRules& rules) {
  std::map<std::string, Tensor> tensors;
  std::size_t number = 0;
  for (const ConvolutionShape& shape : convolution_shapes()) {
    FoldedConvolution folded = read_layer(read, rules, shape, ++number);
    tensors[shape.name + ".weight"] = std::move(folded.weight);
    tensors[shape.name + ".bias"] = std::move(folded.bias);
  }
  return tensors;
}

ReadTensor read_from(std::map<std::string, Tensor>& tensors) {
  return [&tensors](const std::string& name, const Shape& shape) -> std::optional<Tensor> {
    const auto found = tensors.find(name);
    if (found == tensors.end()) return std::nullopt;
    if (found->second.shape != shape || found->second.values.empty()) refuse_shape(name);
    return std::move(found->second);
  };
}

void refuse_shape(const std::string& name) {
  throw FormatError(fmt::format("'{}' has the wrong shape or type", name), "not an Inception-v3?");
}

}  // namespace pool3::weights
