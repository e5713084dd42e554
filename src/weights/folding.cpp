#include "weights/folding.hpp"

#include <cmath>

namespace pool3::weights {
namespace {

double wide(float value) { return static_cast<double>(value); }

}  // namespace

FoldedConvolution fold_batch_norm(const Tensor& kernel, const BatchNorm& norm, KernelOrder order) {
  const bool out_last = order == KernelOrder::hwio;
  const std::vector<std::int64_t>& k = kernel.shape;
  FoldedConvolution folded;
  folded.weight.shape = out_last ? std::vector{k.at(3), k.at(2), k.at(0), k.at(1)} : k;
  const auto dim = [&](std::size_t axis) { return static_cast<std::size_t>(folded.weight.shape.at(axis)); };
  const std::size_t out = dim(0);
  const std::size_t in = dim(1);
  const std::size_t area = dim(2) * dim(3);
  folded.weight.values.resize(kernel.values.size());
  folded.bias = {.shape = {folded.weight.shape[0]}, .values = std::vector<float>(out)};
  for (std::size_t o = 0; o < out; ++o) {
    const double gamma = norm.gamma.empty() ? 1.0 : wide(norm.gamma[o]);
    const double scale = gamma / std::sqrt(wide(norm.variance[o]) + norm.epsilon);
    folded.bias.values[o] = static_cast<float>(wide(norm.beta[o]) - wide(norm.mean[o]) * scale);
    for (std::size_t i = 0; i < in; ++i) {
      for (std::size_t a = 0; a < area; ++a) {
        const std::size_t to = (o * in + i) * area + a;
        const std::size_t from = out_last ? (a * in + i) * out + o : to;
        folded.weight.values[to] = static_cast<float>(wide(kernel.values[from]) * scale);
      }
    }
  }
  return folded;
}

}  // namespace pool3::weights
