#pragma once
// Batch norm folded into the convolution before it.

#include <cstdint>
#include <span>

#include "pool3/weights.hpp"

namespace pool3::weights {

/// Inference-time batch norm of one convolution, a value a channel. An empty gamma means ones.
struct BatchNorm {
  std::span<const float> gamma, beta, mean, variance;
  double epsilon = 1e-3;
};

/// How a kernel's axes are ordered: TensorFlow's [kh, kw, in, out] or torch's [out, in, kh, kw].
enum class KernelOrder : std::uint8_t { hwio, oihw };

struct FoldedConvolution {
  Tensor weight;  ///< [out, in, kh, kw]
  Tensor bias;    ///< [out]
};

/// The convolution that equals convolution `kernel`, then `norm`; computed in double.
/// REQUIRES: `kernel` has four axes, in this order; every non-empty span of `norm` has `out` values.
[[nodiscard]] FoldedConvolution fold_batch_norm(const Tensor& kernel, const BatchNorm& norm,
                                                KernelOrder order = KernelOrder::hwio);

}  // namespace pool3::weights
