#pragma once
// What the program and the module pool3_torch.so agree on. LibTorch takes half a second to load, so it is linked
// into that module alone.

#include "pool3/network.hpp"

namespace pool3 {

inline constexpr const char* torch_module_file = "pool3_torch.so";
inline constexpr const char* torch_factory_name = "pool3_open_torch_network_2";

/// The module's one function. The caller owns the result. Throws Error.
/// REQUIRES: `weights` are complete, options.batch >= 1.
using OpenTorchNetwork = Network* (*)(const Weights& weights, const NetworkOptions& options);

}  // namespace pool3
