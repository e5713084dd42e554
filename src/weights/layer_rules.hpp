#pragma once
// What a kind of file calls its layers, and from its own tensors to the 94 folded convolutions.

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "pool3/weights.hpp"
#include "weights/folding.hpp"

namespace pool3::weights {

using Shape = std::vector<std::int64_t>;

/// Reads the tensor `name` of a file, which must have `shape`: so nothing that an Inception-v3 doesn't have is ever
/// unpacked. Nothing if the file has no such tensor. Throws FormatError.
using ReadTensor = std::function<std::optional<Tensor>(const std::string& name, const Shape& shape)>;

/// What a file calls the parts of one convolution.
struct LayerNames {
  std::string kernel, gamma, beta, mean, variance;
};
/// As Keras calls them, behind what stands in front of a convolution's parts and of its batch norm's.
[[nodiscard]] LayerNames keras_names(const std::string& convolution, const std::string& norm);

/// How a kind of file holds its convolutions.
struct LayerRules {
  /// Names of the convolution that comes as number `number`, from 1, in convolution_shapes().
  std::function<LayerNames(const ConvolutionShape& shape, std::size_t number)> names;
  KernelOrder order = KernelOrder::hwio;
  bool needs_gamma = false;  ///< false: where there is no gamma, it is 1
  double epsilon = 1e-3;
};

/// "NAME.weight" and "NAME.bias" of all 94 convolutions. Throws FormatError if a tensor is missing or has a wrong
/// shape.
[[nodiscard]] std::map<std::string, Tensor> read_layers(const ReadTensor& read, const LayerRules& rules);

/// Moves tensors out of `tensors`, which must outlive the result; each can be read once.
[[nodiscard]] ReadTensor read_from(std::map<std::string, Tensor>& tensors);

/// Throws FormatError that tensor `name` has another shape than the network's.
[[noreturn]] void refuse_shape(const std::string& name);

}  // namespace pool3::weights
