#include "exchange/onnx/network.hpp"

#include <fmt/format.h>

#include <initializer_list>
#include <map>
#include <vector>

#include "exchange/onnx/graph_parts.hpp"

namespace pool3::exchange::onnx {
namespace {

using Sides = std::vector<std::int64_t>;

/// Adds layers; each function returns the name of its output. Blocks are named as in torchvision.
class Builder {
 public:
  Builder(const Weights& weights, bool quantised) : weights_(weights), quantised_(quantised) {
    for (const ConvolutionShape& shape : convolution_shapes()) shapes_[shape.name] = shape;
  }

  [[nodiscard]] std::string stem(std::string x) {
    for (const char* name : {"Conv2d_1a_3x3", "Conv2d_2a_3x3", "Conv2d_2b_3x3"}) x = convolve(name, x);
    x = halve("maxpool1", x);
    for (const char* name : {"Conv2d_3b_1x1", "Conv2d_4a_3x3"}) x = convolve(name, x);
    return halve("maxpool2", x);
  }
  /// Mixed_5b, 5c, 5d: 35 x 35.
  [[nodiscard]] std::string block_a(const std::string& block, const std::string& x) {
    return join(block, {chain(block, {"branch1x1"}, x), chain(block, {"branch5x5_1", "branch5x5_2"}, x),
                        chain(block, {"branch3x3dbl_1", "branch3x3dbl_2", "branch3x3dbl_3"}, x),
                        chain(block, {"branch_pool"}, average(block, x))});
  }
  /// Mixed_6a: 35 x 35 to 17 x 17.
  [[nodiscard]] std::string block_b(const std::string& block, const std::string& x) {
    return join(block, {chain(block, {"branch3x3"}, x),
                        chain(block, {"branch3x3dbl_1", "branch3x3dbl_2", "branch3x3dbl_3"}, x), halve(block, x)});
  }
  /// Mixed_6b to 6e: 17 x 17.
  [[nodiscard]] std::string block_c(const std::string& block, const std::string& x) {
    return join(
        block,
        {chain(block, {"branch1x1"}, x), chain(block, {"branch7x7_1", "branch7x7_2", "branch7x7_3"}, x),
         chain(block, {"branch7x7dbl_1", "branch7x7dbl_2", "branch7x7dbl_3", "branch7x7dbl_4", "branch7x7dbl_5"}, x),
         chain(block, {"branch_pool"}, average(block, x))});
  }
  /// Mixed_7a: 17 x 17 to 8 x 8.
  [[nodiscard]] std::string block_d(const std::string& block, const std::string& x) {
    return join(block, {chain(block, {"branch3x3_1", "branch3x3_2"}, x),
                        chain(block, {"branch7x7x3_1", "branch7x7x3_2", "branch7x7x3_3", "branch7x7x3_4"}, x),
                        halve(block, x)});
  }
  /// Mixed_7b, 7c: 8 x 8.
  [[nodiscard]] std::string block_e(const std::string& block, const std::string& x, bool max_pool) {
    const std::string wide = chain(block, {"branch3x3_1"}, x);
    const std::string deep = chain(block, {"branch3x3dbl_1", "branch3x3dbl_2"}, x);
    const std::string pooled = max_pool ? largest(block, x, 1, 1) : average(block, x);
    return join(block, {chain(block, {"branch1x1"}, x), chain(block, {"branch3x3_2a"}, wide),
                        chain(block, {"branch3x3_2b"}, wide), chain(block, {"branch3x3dbl_3a"}, deep),
                        chain(block, {"branch3x3dbl_3b"}, deep), chain(block, {"branch_pool"}, pooled)});
  }
  void mean(const std::string& x, const std::string& out) {
    nodes_ += node("GlobalAveragePool", {x}, {"pool_3"}) + node("Flatten", {"pool_3"}, {out}, attribute("axis", 1));
  }

  [[nodiscard]] std::string take() { return std::move(nodes_); }

 private:
  std::string convolve(const std::string& name, const std::string& x) {
    const ConvolutionShape& s = shapes_.at(name);
    const Tensor& weight = weights_.tensors.at(name + ".weight");
    const Tensor& bias = weights_.tensors.at(name + ".bias");
    nodes_ += quantised_ ? quantised_tensor(name + ".weight", weight.values, weight.shape, 8)
                         : raw_tensor(name + ".weight", ElementType::float32, weight.shape,
                                      std::as_bytes(std::span(weight.values)));
    nodes_ += raw_tensor(name + ".bias", ElementType::float32, bias.shape, std::as_bytes(std::span(bias.values)));
    nodes_ += node("Conv", {x, name + ".weight", name + ".bias"}, {name + ".sum"},
                   attribute("kernel_shape", Sides{s.kernel_height, s.kernel_width}) +
                       attribute("strides", Sides{s.stride, s.stride}) +
                       attribute("pads", Sides{s.pad_height, s.pad_width, s.pad_height, s.pad_width}));
    nodes_ += node("Relu", {name + ".sum"}, {name});
    return name;
  }
  std::string chain(const std::string& block, std::initializer_list<const char*> names, std::string x) {
    for (const char* name : names) x = convolve(fmt::format("{}.{}", block, name), x);
    return x;
  }
  std::string join(const std::string& block, const std::vector<std::string>& parts) {
    nodes_ += node("Concat", parts, {block}, attribute("axis", 1));
    return block;
  }
  std::string average(const std::string& block, const std::string& x) {
    std::string out = block + ".average";
    nodes_ +=
        node("AveragePool", {x}, {out},
             pool_sides(1, 1) + attribute("count_include_pad", weights_.traits.average_pool_counts_padding ? 1 : 0));
    return out;
  }
  std::string largest(const std::string& block, const std::string& x, std::int64_t stride, std::int64_t pad) {
    std::string out = block + ".largest";
    nodes_ += node("MaxPool", {x}, {out}, pool_sides(stride, pad));
    return out;
  }
  std::string halve(const std::string& block, const std::string& x) { return largest(block, x, 2, 0); }
  static std::string pool_sides(std::int64_t stride, std::int64_t pad) {
    return attribute("kernel_shape", Sides{3, 3}) + attribute("strides", Sides{stride, stride}) +
           attribute("pads", Sides{pad, pad, pad, pad});
  }

  const Weights& weights_;
  bool quantised_;
  std::map<std::string, ConvolutionShape> shapes_;
  std::string nodes_;
};

}  // namespace

std::string network_nodes(const Weights& weights, bool quantised) {
  Builder build(weights, quantised);
  std::string x = build.stem("input");
  for (const char* block : {"Mixed_5b", "Mixed_5c", "Mixed_5d"}) x = build.block_a(block, x);
  x = build.block_b("Mixed_6a", x);
  for (const char* block : {"Mixed_6b", "Mixed_6c", "Mixed_6d", "Mixed_6e"}) x = build.block_c(block, x);
  x = build.block_d("Mixed_7a", x);
  x = build.block_e("Mixed_7b", x, false);
  x = build.block_e("Mixed_7c", x, weights.traits.max_pool_in_7c);
  build.mean(x, "features");
  return build.take();
}

}  // namespace pool3::exchange::onnx
