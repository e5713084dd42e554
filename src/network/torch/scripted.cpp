#include "network/torch/scripted.hpp"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>
#include <fmt/format.h>
#include <torch/csrc/jit/api/module.h>
#include <torch/csrc/jit/frontend/tracer.h>

#include <algorithm>
#include <optional>
#include <sstream>

#include "network/torch/inception.hpp"
#include "network/torch/one_thread.hpp"
#include "network/torch/scripted_methods.hpp"
#include "pool3/error.hpp"

namespace pool3::network {
namespace {

void check_width(const LinearLayer& layer) {
  const auto classes = std::ssize(layer.bias);
  if (std::ssize(layer.weight) == classes * inception_width) return;
  throw Error({.stage = "export",
               .cause = fmt::format("the classifier takes {} numbers, and the network gives {}",
                                    std::ssize(layer.weight) / std::max<std::ptrdiff_t>(classes, 1), inception_width),
               .advice = "give the model of features that this network made"});
}

/// The module's names may have no dots.
std::string attribute_of(std::string name) {
  std::ranges::replace(name, '.', '_');
  return name;
}

at::Tensor tensor_of(const std::vector<float>& values, const std::vector<std::int64_t>& shape) {
  // NOLINTNEXTLINE(cppcoreguidelines-pro-type-const-cast): only read; from_blob knows no const
  return at::from_blob(const_cast<float*>(values.data()), shape, at::kFloat).clone();
}

/// The image room, which knows the names, is no part of this library.
const char* name_of(InputProfile profile) {
  switch (profile) {
    case InputProfile::nsfwjs:
      return "nsfwjs";
    case InputProfile::tf2015:
      return "tf2015";
    case InputProfile::keras:
      return "keras";
    case InputProfile::torchvision:
      return "torchvision";
  }
  return "";
}

/// As codes of `type` with a step a row of the first side, or as it is.
void add_buffer(torch::jit::Module& module, const std::string& name, const at::Tensor& values,
                std::optional<at::ScalarType> type) {
  if (!type) return module.register_buffer(name, values);
  const double most = *type == at::kChar ? 127 : 32767;
  at::Tensor step = values.flatten(1).abs().amax(1) / most;
  step = at::where(step > 0, step, at::ones_like(step));
  step = step.reshape(values.dim() == 4 ? at::IntArrayRef({-1, 1, 1, 1}) : at::IntArrayRef({-1, 1}));
  module.register_buffer(name + "_codes", at::round(values / step).to(*type));
  module.register_buffer(name + "_steps", step);
}

void add_weights(torch::jit::Module& module, const Weights& weights, const LinearLayer& layer, bool quantised) {
  const auto codes = [&](at::ScalarType type) { return quantised ? std::optional(type) : std::nullopt; };
  for (const ConvolutionShape& shape : convolution_shapes()) {
    const Tensor& weight = weights.tensors.at(shape.name + ".weight");
    const Tensor& bias = weights.tensors.at(shape.name + ".bias");
    add_buffer(module, attribute_of(shape.name + ".weight"), tensor_of(weight.values, weight.shape), codes(at::kChar));
    module.register_buffer(attribute_of(shape.name + ".bias"), tensor_of(bias.values, bias.shape));
  }
  const auto classes = static_cast<std::int64_t>(layer.bias.size());
  add_buffer(module, "coef", tensor_of(layer.weight, {classes, inception_width}), codes(at::kShort));
  module.register_buffer("intercept", tensor_of(layer.bias, {classes}));
}

/// What add_buffer() added, in floats.
at::Tensor buffer(const torch::jit::Module& module, const std::string& name) {
  if (!module.hasattr(name + "_codes")) return module.attr(name).toTensor();
  return module.attr(name + "_codes").toTensor().to(at::kFloat) * module.attr(name + "_steps").toTensor();
}

/// Pictures to scores, by the tensors that the module holds.
at::Tensor scores_of(const torch::jit::Module& module, const NetworkTraits& traits, const at::Tensor& pictures) {
  const auto held = [&](const std::string& name) { return buffer(module, attribute_of(name)); };
  std::map<std::string, ConvolutionShape> shapes;
  for (const ConvolutionShape& shape : convolution_shapes()) shapes[shape.name] = shape;
  const Convolve convolve = [&](const std::string& name, const at::Tensor& x) {
    const ConvolutionShape& s = shapes.at(name);
    return at::relu(
        at::conv2d(x, held(name + ".weight"), held(name + ".bias"), {s.stride, s.stride}, {s.pad_height, s.pad_width}));
  };
  const at::Tensor input = pictures.to(at::kFloat) * held("input_factor") + held("input_summand");
  return at::linear(inception_features(input, traits, convolve), held("coef"), held("intercept"));
}

/// What scores_of() does becomes the method `forward`.
void add_forward(torch::jit::Module& module, const NetworkTraits& traits) {
  const auto traced = torch::jit::tracer::trace(
      {at::zeros({2, 3, input_side, input_side})},
      [&](const torch::jit::Stack& inputs) {
        return torch::jit::Stack{scores_of(module, traits, inputs.at(0).toTensor())};
      },
      [](const at::Tensor& /*variable*/) { return std::string(); }, true, false, &module, {"pictures"});
  auto* forward = module._ivalue()->compilation_unit()->create_function(
      c10::QualifiedName(*module.type()->name(), "forward"), traced.first->graph);
  module.type()->addMethod(forward);
}

}  // namespace

std::string scripted_classifier(const Weights& weights, const ColourScale& scale, const LinearLayer& layer,
                                bool quantised) {
  check_width(layer);
  const at::NoGradGuard no_gradients;
  const OneThread alone;
  torch::jit::Module module("Classifier");
  module.register_buffer("input_factor", tensor_of(scale.factor, {1, 3, 1, 1}));
  module.register_buffer("input_summand", tensor_of(scale.summand, {1, 3, 1, 1}));
  add_weights(module, weights, layer, quantised);
  c10::List<std::string> classes;
  for (const std::string& name : layer.classes) classes.push_back(name);
  module.register_attribute("classes", c10::ListType::ofStrings(), classes);
  const std::string input = fmt::format(
      "pictures: [N, 3, {0}, {0}], red, green, blue from 0 to 255, uint8 or float, resized as the input profile {1} "
      "does, which is what resize does to [N, 3, height, width]; classify takes uint8 [height, width, 3 or 4]",
      input_side, name_of(weights.traits.profile));
  module.register_attribute("input", c10::StringType::get(), input);
  add_forward(module, weights.traits);
  add_methods(module, weights.traits.profile, layer);
  module.eval();
  std::ostringstream archive;
  module._save_for_mobile(archive);
  return std::move(archive).str();
}

}  // namespace pool3::network
