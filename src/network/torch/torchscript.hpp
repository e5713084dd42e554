#pragma once
// TorchScript modules, on the CPU and on GPUs.

#include <memory>

#include "pool3/network.hpp"

namespace pool3::network {

/// The module of a TorchScript archive, frozen. Throws Error.
[[nodiscard]] std::unique_ptr<Network> open_torchscript(const Weights& weights, const NetworkOptions& options);

}  // namespace pool3::network
