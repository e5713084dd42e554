#include "network/graph/inception_blocks.hpp"

#include <utility>

namespace pool3::network {
namespace {

/// A branch: a 1x1 convolution (made together with those of the other branches), then the chain, then the tails side
/// by side.
struct Branch {
  std::string first;
  std::vector<std::string> chain;
  std::vector<std::string> tails;
};

enum class PoolBranch : std::uint8_t {
  average,   ///< 3x3 average, then a 1x1 convolution
  max,       ///< 3x3 maximum, same size, then a 1x1 convolution
  max_halve  ///< 3x3 maximum with stride 2 alone
};

/// A mixed block, as torchvision lays it out. Outputs stand in this order: direct, branches, pool.
struct BlockSpec {
  std::string name;
  std::string direct;  ///< a convolution on the input itself, or ""
  std::vector<Branch> branches;
  PoolBranch pool = PoolBranch::average;
  int rows_at_once;
};

std::vector<BlockSpec> block_specs(const NetworkTraits& traits) {
  constexpr int all = 17;  // rows of the largest activation that is not worth cutting
  std::vector<BlockSpec> specs;
  for (const char* name : {"Mixed_5b", "Mixed_5c", "Mixed_5d"})
    specs.push_back({name,
                     "",
                     {{"branch1x1", {}, {}},
                      {"branch5x5_1", {"branch5x5_2"}, {}},
                      {"branch3x3dbl_1", {"branch3x3dbl_2", "branch3x3dbl_3"}, {}}},
                     PoolBranch::average,
                     2});
  specs.push_back({"Mixed_6a",
                   "branch3x3",
                   {{"branch3x3dbl_1", {"branch3x3dbl_2", "branch3x3dbl_3"}, {}}},
                   PoolBranch::max_halve,
                   2});
  const std::vector<std::string> chain_7x7 = {"branch7x7_2", "branch7x7_3"};
  const std::vector<std::string> chain_7x7dbl = {"branch7x7dbl_2", "branch7x7dbl_3", "branch7x7dbl_4",
                                                 "branch7x7dbl_5"};
  for (const char* name : {"Mixed_6b", "Mixed_6c", "Mixed_6d", "Mixed_6e"})
    specs.push_back({name,
                     "",
                     {{"branch1x1", {}, {}}, {"branch7x7_1", chain_7x7, {}}, {"branch7x7dbl_1", chain_7x7dbl, {}}},
                     PoolBranch::average,
                     all});
  specs.push_back({"Mixed_7a",
                   "",
                   {{"branch3x3_1", {"branch3x3_2"}, {}},
                    {"branch7x7x3_1", {"branch7x7x3_2", "branch7x7x3_3", "branch7x7x3_4"}, {}}},
                   PoolBranch::max_halve,
                   all});
  for (const char* name : {"Mixed_7b", "Mixed_7c"})
    specs.push_back({name,
                     "",
                     {{"branch1x1", {}, {}},
                      {"branch3x3_1", {}, {"branch3x3_2a", "branch3x3_2b"}},
                      {"branch3x3dbl_1", {"branch3x3dbl_2"}, {"branch3x3dbl_3a", "branch3x3dbl_3b"}}},
                     PoolBranch::average,
                     all});
  if (traits.max_pool_in_7c) specs.back().pool = PoolBranch::max;
  return specs;
}

/// Adds layers to one block's pipeline by their names within the block.
class BlockBuilder {
 public:
  BlockBuilder(const Kernels& kernels, const Weights& weights, Pipeline& pipeline)
      : kernels_(kernels), weights_(weights), pipeline_(pipeline) {}

  Pipeline::Id add(const std::string& name, Pipeline::Id from) {
    const std::string full = pipeline_.name() + "." + name;
    return pipeline_.add_convolution(full, geometry_of(full), {layer_named(kernels_, weights_, full)}, from);
  }

  /// The convolutions 1x1 that start the branches, and that of the pool branch if it pools averages: the average of a
  /// convolution 1x1 is the convolution of the average, so it pools later, on fewer channels.
  Pipeline::Id add_heads(const BlockSpec& spec) {
    std::vector<Layer> heads;
    for (const Branch& b : spec.branches) heads.push_back(layer_named(kernels_, weights_, spec.name + "." + b.first));
    if (spec.pool == PoolBranch::average)
      heads.push_back(before_pooling(layer_named(kernels_, weights_, spec.name + ".branch_pool")));
    return pipeline_.add_convolution(spec.name + ".heads", {}, heads, Pipeline::input);
  }

  void add_branch(const Branch& branch, Pipeline::Id x) {
    for (const auto& name : branch.chain) x = add(name, x);
    if (branch.tails.empty()) pipeline_.emit(x);
    for (const auto& name : branch.tails) pipeline_.emit(add(name, x));
  }

  void add_pool(PoolBranch pool, Pipeline::Id head) {
    if (pool == PoolBranch::average) {
      pipeline_.emit(pipeline_.add_average_pool(layer_named(kernels_, weights_, pipeline_.name() + ".branch_pool"),
                                                weights_.traits.average_pool_counts_padding, head));
    } else if (pool == PoolBranch::max) {
      pipeline_.emit(add("branch_pool", pipeline_.add_max_pool(1, Pipeline::input)));
    } else {
      pipeline_.emit(pipeline_.add_max_pool(2, Pipeline::input));
    }
  }

 private:
  const Kernels& kernels_;
  const Weights& weights_;
  Pipeline& pipeline_;
};

Pipeline make_block(const Kernels& kernels, const Weights& weights, const BlockSpec& spec, const Pipeline& before) {
  Pipeline pipeline(kernels, spec.name, before.output(), before.output_codes());
  BlockBuilder build(kernels, weights, pipeline);
  if (!spec.direct.empty()) pipeline.emit(build.add(spec.direct, Pipeline::input));
  Pipeline::Id head = build.add_heads(spec);
  for (const Branch& branch : spec.branches) build.add_branch(branch, head++);
  build.add_pool(spec.pool, head);
  pipeline.plan(spec.rows_at_once);
  return pipeline;
}

/// The first layer's weights, [out, 3, 3, 3], as a 1x1 convolution of patches [height][width][3].
Layer on_patches(Layer layer) {
  const Tensor from = layer.weights();
  layer.shared = nullptr;
  layer.weight = {{from.shape.at(0), 27, 1, 1}, std::vector<float>(from.values.size())};
  std::size_t at = 0;
  for (std::size_t o = 0; o < static_cast<std::size_t>(from.shape.at(0)); ++o)
    for (std::size_t position = 0; position < 9; ++position)
      for (std::size_t c = 0; c < 3; ++c) layer.weight.values[at++] = from.values[o * 27 + c * 9 + position];
  return layer;
}

Pipeline make_stem(const Kernels& kernels, const Weights& weights) {
  Pipeline pipeline(kernels, "stem", {});
  Pipeline::Id x = pipeline.add_convolution(
      "Conv2d_1a_3x3", {}, {on_patches(layer_named(kernels, weights, "Conv2d_1a_3x3"))}, pipeline.add_patches());
  for (const std::string name : {"Conv2d_2a_3x3", "Conv2d_2b_3x3", "", "Conv2d_3b_1x1", "Conv2d_4a_3x3", ""})
    x = name.empty() ? pipeline.add_max_pool(2, x)
                     : pipeline.add_convolution(name, geometry_of(name), {layer_named(kernels, weights, name)}, x);
  pipeline.emit(x);
  pipeline.plan(1);
  return pipeline;
}

}  // namespace

std::vector<Pipeline> make_blocks(const Kernels& kernels, const Weights& weights) {
  std::vector<Pipeline> graph;
  graph.push_back(make_stem(kernels, weights));
  for (const BlockSpec& spec : block_specs(weights.traits))
    graph.push_back(make_block(kernels, weights, spec, graph.back()));
  return graph;
}

}  // namespace pool3::network
