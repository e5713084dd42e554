#include "weights/makers/torch/torchvision.hpp"

#include <fmt/format.h>

#include "weights/containers/safetensors.hpp"
#include "weights/refusals.hpp"

namespace pool3::weights {
namespace {

Weights read(std::string_view bytes) {
  Safetensors file = parse_safetensors(bytes);
  if (!file.tensors.contains(torchvision_first_tensor))
    throw FormatError(fmt::format("neither pool3's own format nor torchvision's inception_v3: no tensor '{}'",
                                  torchvision_first_tensor),
                      "make one with: pool3 convert --weights IN --out OUT.safetensors");
  return {.traits = torchvision_traits(),
          .source = {},
          .sha256 = {},
          .tensors = read_layers(read_from(file.tensors), torchvision_rules())};
}

}  // namespace

constinit const Maker torchvision_safetensors = {
    .kind = "torchvision's safetensors", .name = "torchvision", .knows = looks_like_safetensors, .read = read};

LayerRules torchvision_rules() {
  const auto names = [](const ConvolutionShape& s, std::size_t) {
    return LayerNames{.kernel = s.name + ".conv.weight",
                      .gamma = s.name + ".bn.weight",
                      .beta = s.name + ".bn.bias",
                      .mean = s.name + ".bn.running_mean",
                      .variance = s.name + ".bn.running_var"};
  };
  return {.names = names, .order = KernelOrder::oihw, .needs_gamma = true, .epsilon = 1e-3};
}

NetworkTraits torchvision_traits() {
  return {.average_pool_counts_padding = true, .max_pool_in_7c = false, .profile = InputProfile::torchvision};
}

}  // namespace pool3::weights
