#pragma once
// Batch norm folded into the convolution before it.

#include <span>

#include "pool3/network.hpp"

namespace pool3 {

/// Inference-time batch norm of one convolution, a value a channel. An empty gamma means ones.
struct BatchNorm {
  std::span<const float> gamma, beta, mean, variance;
  double epsilon = 1e-3;
};

struct FoldedConvolution {
  Tensor weight;  ///< [out, in, kh, kw]
  Tensor bias;    ///< [out]
};

/// The convolution that equals convolution `kernel`, then `norm`; computed in double. `kernel` is [kh, kw, in, out].
/// REQUIRES: every non-empty span of `norm` has `out` values.
[[nodiscard]] FoldedConvolution fold_batch_norm(const Tensor& kernel, const BatchNorm& norm);

}  // namespace pool3
