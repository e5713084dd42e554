#include "network/torch/packed_layers.hpp"

#include <ATen/ATen.h>

#include <algorithm>

namespace pool3::network {
namespace {

using Integers = std::vector<std::int64_t>;

/// A copy of `tensor` as `type`, channels last if it has channels.
at::Tensor to_torch(const Tensor& tensor, at::ScalarType type) {
  // NOLINTNEXTLINE(cppcoreguidelines-pro-type-const-cast): only read; from_blob knows no const
  const at::Tensor view = at::from_blob(const_cast<float*>(tensor.values.data()), tensor.shape, at::kFloat);
  return view.to(type, false, true,
                 tensor.shape.size() == 4 ? at::MemoryFormat::ChannelsLast : at::MemoryFormat::Contiguous);
}

const ConvolutionShape& shape_of(const std::string& name) {
  const auto found = std::ranges::find(convolution_shapes(), name, &ConvolutionShape::name);
  TORCH_CHECK(found != convolution_shapes().end(), "no convolution ", name);
  return *found;
}

c10::IValue call(const c10::OperatorHandle& op, torch::jit::Stack stack) {
  op.callBoxed(&stack);
  return std::move(stack.at(0));
}

c10::OperatorHandle find_operator(const char* name) { return c10::Dispatcher::singleton().findSchemaOrThrow(name, ""); }

}  // namespace

PackedLayers::PackedLayers(const Weights& weights, at::ScalarType type)
    : weights_(&weights),
      type_(type),
      prepack_(find_operator("mkldnn_prepacked::conv2d_prepack")),
      run_(find_operator("mkldnn_prepacked::conv2d_run")) {}

void PackedLayers::pack(const std::string& name, const at::Tensor& x) {
  const ConvolutionShape& s = shape_of(name);
  packed_[name] = call(prepack_, {to_torch(weights_->tensors.at(name + ".weight"), type_),
                                  to_torch(weights_->tensors.at(name + ".bias"), type_), Integers{s.stride, s.stride},
                                  Integers{s.pad_height, s.pad_width}, Integers{1, 1}, 1, x.sizes().vec(), "relu"});
}

at::Tensor PackedLayers::run(const std::string& name, const at::Tensor& x) const {
  return call(run_, {x, packed_.at(name)}).toTensor();
}

}  // namespace pool3::network
