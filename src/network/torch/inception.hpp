#pragma once
// The graph of Inception-v3 up to pool_3, without its weights.

#include <ATen/core/Tensor.h>

#include <functional>
#include <string>

#include "pool3/network.hpp"

namespace pool3::network {

/// Runs the convolution of that name, then ReLU.
using Convolve = std::function<at::Tensor(const std::string& name, const at::Tensor& x)>;

/// Gets every block's output: Mixed_5b and so on.
using Observe = std::function<void(const std::string& block, const at::Tensor& x)>;

/// pool_3 features [N, inception_width], float32, of pictures [N, 3, 299, 299] of any floating type.
[[nodiscard]] at::Tensor inception_features(const at::Tensor& pictures, const NetworkTraits& traits,
                                            const Convolve& convolve, const Observe& observe = {});

}  // namespace pool3::network
