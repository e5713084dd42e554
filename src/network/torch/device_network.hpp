#pragma once
// Networks that LibTorch runs on a device, and Inception-v3 on a GPU.

#include <ATen/core/Tensor.h>

#include <memory>
#include <span>
#include <string>

#include "network/torch/feeders.hpp"
#include "pool3/error.hpp"
#include "pool3/network.hpp"

namespace pool3::network {

/// The line of LibTorch's message that says why.
[[nodiscard]] std::string reason_of(const std::string& what);
/// That as an Error of the stage "network", with advice where it is about memory or the GPU.
[[nodiscard]] Error network_error(const std::string& what);
[[nodiscard]] at::ScalarType type_of(Precision precision);
/// Throws Error if Network::features() must not be called like this.
void check_call(const NetworkOptions& options, std::span<const float> input, int count, std::span<float> out);

/// The GPUs that LibTorch can use; -1 if it was built without CUDA.
[[nodiscard]] int cuda_devices();
/// Throws Error if there is no such device.
[[nodiscard]] c10::Device device_of(const NetworkOptions& options);

/// Features that `compute` gives on the device of `options`. It is tried once here, so that what can't run throws now.
[[nodiscard]] std::unique_ptr<Network> make_device_network(Compute compute, const NetworkOptions& options);

/// Inception-v3 by LibTorch's own convolutions, which are cuDNN's on a GPU; channels last.
[[nodiscard]] std::unique_ptr<Network> open_on_device(const Weights& weights, const NetworkOptions& options);

}  // namespace pool3::network
