#include "network/fold.hpp"

#include <cmath>

namespace pool3 {
namespace {

double wide(float value) { return static_cast<double>(value); }

}  // namespace

FoldedConvolution fold_batch_norm(const Tensor& kernel, const BatchNorm& norm) {
  const auto dim = [&](std::size_t axis) { return static_cast<std::size_t>(kernel.shape.at(axis)); };
  const std::size_t area = dim(0) * dim(1);
  const std::size_t in = dim(2);
  const std::size_t out = dim(3);
  FoldedConvolution folded;
  folded.weight = {.shape = {kernel.shape[3], kernel.shape[2], kernel.shape[0], kernel.shape[1]},
                   .values = std::vector<float>(kernel.values.size())};
  folded.bias = {.shape = {kernel.shape[3]}, .values = std::vector<float>(out)};
  for (std::size_t o = 0; o < out; ++o) {
    const double gamma = norm.gamma.empty() ? 1.0 : wide(norm.gamma[o]);
    const double scale = gamma / std::sqrt(wide(norm.variance[o]) + norm.epsilon);
    folded.bias.values[o] = static_cast<float>(wide(norm.beta[o]) - wide(norm.mean[o]) * scale);
    for (std::size_t i = 0; i < in; ++i) {
      for (std::size_t a = 0; a < area; ++a) {
        folded.weight.values[(o * in + i) * area + a] =
            static_cast<float>(wide(kernel.values[(a * in + i) * out + o]) * scale);
      }
    }
  }
  return folded;
}

}  // namespace pool3
