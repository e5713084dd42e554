#include "network/torch/module.hpp"

#include <memory>
#include <string>

#include "network/torch/cpu_network.hpp"
#include "network/torch/device_network.hpp"
#include "network/torch/scripted.hpp"
#include "network/torch/small_network.hpp"
#include "network/torch/torchscript.hpp"
#include "pool3/error.hpp"

namespace network = pool3::network;

extern "C" __attribute__((visibility("default"))) int pool3_torch_cuda_devices() { return network::cuda_devices(); }

extern "C" __attribute__((visibility("default"))) pool3::SmallNetwork* pool3_torch_small_network(
    const pool3::SmallNetworkShape& shape) {
  try {
    return network::small_network(shape).release();
  } catch (const std::exception& error) {
    throw network::network_error(error.what());
  }
}

extern "C" __attribute__((visibility("default"))) std::string* pool3_torch_scripted_classifier_2(
    const pool3::Weights& weights, const pool3::network::ColourScale& scale, const pool3::LinearLayer& layer,
    bool quantised) {
  try {
    return std::make_unique<std::string>(network::scripted_classifier(weights, scale, layer, quantised)).release();
  } catch (const pool3::Error&) {
    throw;
  } catch (const std::exception& error) {
    throw network::network_error(error.what());
  }
}

extern "C" __attribute__((visibility("default"))) pool3::Network* pool3_open_torch_network_4(
    const pool3::Weights& weights, const pool3::NetworkOptions& options) {
  try {
    if (!weights.torchscript.empty()) return network::open_torchscript(weights, options).release();
    if (options.device == pool3::Device::cuda) return network::open_on_device(weights, options).release();
    return network::open_on_cpu(weights, options).release();
  } catch (const pool3::Error&) {
    throw;
  } catch (const std::exception& error) {
    throw network::network_error(error.what());
  }
}
