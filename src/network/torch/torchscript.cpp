#include "network/torch/torchscript.hpp"

#include <c10/core/InferenceMode.h>
#include <fmt/format.h>
#include <torch/csrc/jit/api/module.h>
#include <torch/csrc/jit/runtime/graph_executor.h>
#include <torch/csrc/jit/serialization/import.h>

#include <memory>
#include <sstream>

#include "network/torch/device_network.hpp"
#include "network/torch/inception.hpp"
#include "network/torch/one_thread.hpp"

namespace pool3::network {
namespace {

torch::jit::Module load(const Weights& weights, const NetworkOptions& options) {
  const OneThread alone;
  // No profiling: the first call must give the same numbers as the others.
  torch::jit::getExecutorMode() = false;
  std::istringstream archive(weights.torchscript);
  torch::jit::Module module = torch::jit::load(archive, device_of(options));
  module.eval();
  module.to(type_of(options.precision));
  return torch::jit::freeze(module);
}

Error unfit(const Weights& weights, const std::string& what) {
  return Error(
      {.stage = "open network",
       .path = weights.source,
       .cause = reason_of(what),
       .advice = fmt::format("the module must take [N, 3, 299, 299] float32 and give [N, {}]", inception_width)});
}

}  // namespace

std::unique_ptr<Network> open_torchscript(const Weights& weights, const NetworkOptions& options) {
  try {
    const auto module = std::make_shared<torch::jit::Module>(load(weights, options));
    const auto compute = [module, type = type_of(options.precision)](const at::Tensor& pictures) {
      const c10::IValue out = module->forward({pictures.to(type).contiguous()});
      TORCH_CHECK(out.isTensor(), "the TorchScript network gives ", out.tagKind(), ", not a tensor of features");
      return out.toTensor();
    };
    return make_device_network(compute, options);
  } catch (const Error& error) {
    if (!error.fields().advice.empty()) throw;
    throw unfit(weights, error.fields().cause);
  } catch (const std::exception& error) {
    throw unfit(weights, error.what());
  }
}

}  // namespace pool3::network
