#pragma once
// The network with a classifier on top, as a TorchScript archive.

#include <string>

#include "network/torch/module.hpp"

namespace pool3::network {

/// See torchscript_classifier(). REQUIRES: `weights` are complete, and no TorchScript archive themselves.
[[nodiscard]] std::string scripted_classifier(const Weights& weights, const ColourScale& scale,
                                              const LinearLayer& layer, bool quantised);

}  // namespace pool3::network
