#pragma once
// One convolution with its weights packed for oneDNN, once.

#include <dnnl.hpp>
#include <string>
#include <vector>

#include "network/onednn/kernels.hpp"
#include "pool3/network.hpp"

namespace pool3::onednn {

/// The CPU as oneDNN sees it; one for the whole program.
[[nodiscard]] const dnnl::engine& cpu_engine();

/// Shape and place of one convolution of the network; `names`: torchvision's names of the layers whose outputs
/// stand side by side (layers with one input and a kernel of 1x1 run as one wide layer).
struct ConvolutionSpec {
  std::vector<std::string> names;
  int height = 0, width = 0;  ///< of the input
  bool relu = true;
};

/// Immutable after construction; execute() may be called from many threads at once.
class Convolution {
 public:
  /// `no_bias`: names whose bias is left out (it is added later). Throws dnnl::error.
  Convolution(const Weights& weights, const ConvolutionSpec& spec, const std::vector<std::string>& no_bias, int batch);

  [[nodiscard]] int out_height() const { return out_height_; }
  [[nodiscard]] int out_width() const { return out_width_; }
  [[nodiscard]] int out_channels() const { return out_channels_; }
  [[nodiscard]] std::size_t scratch_bytes() const;
  /// oneDNN's name of the implementation.
  [[nodiscard]] std::string implementation() const;
  /// Dense NHWC, the whole batch. `scratch`: scratch_bytes() of working memory of the calling thread.
  void execute(const Bf16* source, Bf16* target, void* scratch) const;

 private:
  dnnl::convolution_forward::primitive_desc description_;
  dnnl::convolution_forward primitive_;
  dnnl::memory weights_, bias_;
  int out_height_ = 0, out_width_ = 0, out_channels_ = 0;
};

}  // namespace pool3::onednn
