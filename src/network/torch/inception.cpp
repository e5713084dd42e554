#include "network/torch/inception.hpp"

#include <ATen/ATen.h>

#include <initializer_list>

namespace pool3::network {
namespace {

using at::Tensor;

/// The mixed blocks, named as in torchvision.
class Graph {
 public:
  Graph(const NetworkTraits& traits, const Convolve& convolve) : traits_(traits), convolve_(convolve) {}

  [[nodiscard]] Tensor stem(Tensor x) const {
    for (const char* name : {"Conv2d_1a_3x3", "Conv2d_2a_3x3", "Conv2d_2b_3x3"}) x = convolve_(name, x);
    x = halve(x);
    for (const char* name : {"Conv2d_3b_1x1", "Conv2d_4a_3x3"}) x = convolve_(name, x);
    return halve(x);
  }

  /// Mixed_5b, 5c, 5d: 35 x 35.
  [[nodiscard]] Tensor block_a(const std::string& block, const Tensor& x) const {
    return at::cat({chain(block, {"branch1x1"}, x), chain(block, {"branch5x5_1", "branch5x5_2"}, x),
                    chain(block, {"branch3x3dbl_1", "branch3x3dbl_2", "branch3x3dbl_3"}, x),
                    chain(block, {"branch_pool"}, average(x))},
                   1);
  }

  /// Mixed_6a: 35 x 35 to 17 x 17.
  [[nodiscard]] Tensor block_b(const std::string& block, const Tensor& x) const {
    return at::cat({chain(block, {"branch3x3"}, x),
                    chain(block, {"branch3x3dbl_1", "branch3x3dbl_2", "branch3x3dbl_3"}, x), halve(x)},
                   1);
  }

  /// Mixed_6b to 6e: 17 x 17.
  [[nodiscard]] Tensor block_c(const std::string& block, const Tensor& x) const {
    return at::cat(
        {chain(block, {"branch1x1"}, x), chain(block, {"branch7x7_1", "branch7x7_2", "branch7x7_3"}, x),
         chain(block, {"branch7x7dbl_1", "branch7x7dbl_2", "branch7x7dbl_3", "branch7x7dbl_4", "branch7x7dbl_5"}, x),
         chain(block, {"branch_pool"}, average(x))},
        1);
  }

  /// Mixed_7a: 17 x 17 to 8 x 8.
  [[nodiscard]] Tensor block_d(const std::string& block, const Tensor& x) const {
    return at::cat({chain(block, {"branch3x3_1", "branch3x3_2"}, x),
                    chain(block, {"branch7x7x3_1", "branch7x7x3_2", "branch7x7x3_3", "branch7x7x3_4"}, x), halve(x)},
                   1);
  }

  /// Mixed_7b, 7c: 8 x 8.
  [[nodiscard]] Tensor block_e(const std::string& block, const Tensor& x, bool max_pool) const {
    const Tensor wide = chain(block, {"branch3x3_1"}, x);
    const Tensor deep = chain(block, {"branch3x3dbl_1", "branch3x3dbl_2"}, x);
    const Tensor pooled = max_pool ? at::max_pool2d(x, {3, 3}, {1, 1}, {1, 1}) : average(x);
    return at::cat({chain(block, {"branch1x1"}, x), chain(block, {"branch3x3_2a"}, wide),
                    chain(block, {"branch3x3_2b"}, wide), chain(block, {"branch3x3dbl_3a"}, deep),
                    chain(block, {"branch3x3dbl_3b"}, deep), chain(block, {"branch_pool"}, pooled)},
                   1);
  }

 private:
  [[nodiscard]] Tensor chain(const std::string& block, std::initializer_list<const char*> names, Tensor x) const {
    for (const char* name : names) x = convolve_(block + "." + name, x);
    return x;
  }

  [[nodiscard]] Tensor average(const Tensor& x) const {
    return at::avg_pool2d(x, {3, 3}, {1, 1}, {1, 1}, false, traits_.average_pool_counts_padding);
  }

  [[nodiscard]] static Tensor halve(const Tensor& x) { return at::max_pool2d(x, {3, 3}, {2, 2}); }

  const NetworkTraits& traits_;
  const Convolve& convolve_;
};

}  // namespace

at::Tensor inception_features(const at::Tensor& pictures, const NetworkTraits& traits, const Convolve& convolve,
                              const Observe& observe) {
  const Graph graph(traits, convolve);
  const auto seen = [&](const char* block, at::Tensor x) {
    if (observe) observe(block, x);
    return x;
  };
  at::Tensor x = graph.stem(pictures);
  for (const char* block : {"Mixed_5b", "Mixed_5c", "Mixed_5d"}) x = seen(block, graph.block_a(block, x));
  x = seen("Mixed_6a", graph.block_b("Mixed_6a", x));
  for (const char* block : {"Mixed_6b", "Mixed_6c", "Mixed_6d", "Mixed_6e"}) x = seen(block, graph.block_c(block, x));
  x = seen("Mixed_7a", graph.block_d("Mixed_7a", x));
  x = seen("Mixed_7b", graph.block_e("Mixed_7b", x, false));
  x = seen("Mixed_7c", graph.block_e("Mixed_7c", x, traits.max_pool_in_7c));
  return at::mean(x, {2, 3}, false, at::kFloat);
}

}  // namespace pool3::network
