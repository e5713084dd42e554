#pragma once
// What a scripted classifier can do beside `forward`: TorchScript in words.

#include <torch/csrc/jit/api/module.h>

#include "pool3/network.hpp"

namespace pool3::network {

/// Adds `resize`, `probabilities` and `classify`; see torchscript_classifier(). REQUIRES: the module has `forward`.
void add_methods(torch::jit::Module& module, InputProfile profile, const LinearLayer& layer);

}  // namespace pool3::network
