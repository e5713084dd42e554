#include "network/onednn/block.hpp"

#include <utility>

namespace pool3::onednn {
namespace {

void need(std::vector<Bf16>& buffer, const Batch& shape) {
  const auto values = static_cast<std::size_t>(shape.count * shape.picture_values());
  if (buffer.size() < values) buffer.resize(values);
}

Batch in_buffer(std::vector<Bf16>& buffer, int count, int height, int width, int channels) {
  return {buffer.data(), count, height, width, channels};
}

/// Runs a convolution into `buffer`.
Batch run_into(const Convolution& convolution, const Batch& input, std::vector<Bf16>& buffer, Workspace& work) {
  const Batch out =
      in_buffer(buffer, input.count, convolution.out_height(), convolution.out_width(), convolution.out_channels());
  convolution.execute(input.data, out.data, work.scratch.data());
  return out;
}

/// Puts `from` into the channels of `out` from `at` on; returns where the next ones go.
int place(const Batch& from, const Batch& out, int at) {
  for (int i = 0; i < from.count; ++i) copy(from.view(i), out.slice(i, at, from.channels));
  return at + from.channels;
}

}  // namespace

void Workspace::grow_to(const Workspace& other) {
  const auto grow = [](auto& mine, const auto& theirs) {
    if (mine.size() < theirs.size()) mine.resize(theirs.size());
  };
  grow(joined, other.joined);
  grow(front, other.front);
  grow(back, other.back);
  grow(wide, other.wide);
  grow(chain[0], other.chain[0]);
  grow(chain[1], other.chain[1]);
  grow(scratch, other.scratch);
}

namespace {

/// Makes the convolutions of a block, and notes the memory that they need.
class Builder {
 public:
  Builder(const Weights& weights, std::string block, Workspace& needs)
      : weights_(weights), block_(std::move(block)), needs_(needs) {}

  [[nodiscard]] std::string full_name(const std::string& name) const { return block_ + "." + name; }

  /// Names are those within the block.
  Convolution convolution(std::vector<std::string> names, const Batch& input, bool relu = true,
                          const std::string& no_bias = {}) {
    for (auto& name : names) name = full_name(name);
    Convolution made(weights_, {.names = std::move(names), .height = input.height, .width = input.width, .relu = relu},
                     {full_name(no_bias)}, input.count);
    if (needs_.scratch.size() < made.scratch_bytes()) needs_.scratch.resize(made.scratch_bytes());
    return made;
  }

  /// Makes one layer after another; every activation goes through the chain's buffers.
  Batch chain(const std::vector<std::string>& names, Batch input, std::vector<Convolution>& layers) {
    for (const auto& name : names) {
      layers.push_back(convolution({name}, input));
      input = after(layers.back(), input);
    }
    return input;
  }

  /// Shape behind a convolution, which the chain's buffers must hold.
  Batch after(const Convolution& convolution, const Batch& input) {
    const Batch shape = {nullptr, input.count, convolution.out_height(), convolution.out_width(),
                         convolution.out_channels()};
    hold(shape);
    return shape;
  }
  void hold(const Batch& shape) {
    need(needs_.chain[0], shape);
    need(needs_.chain[1], shape);
  }

  [[nodiscard]] int out_channels(const std::string& name) const {
    return static_cast<int>(weights_.tensors.at(full_name(name) + ".weight").shape.at(0));
  }

 private:
  const Weights& weights_;
  std::string block_;
  Workspace& needs_;
};

}  // namespace

Block::Block(const Weights& weights, const BlockSpec& spec, const Batch& input, Workspace& needs)
    : name_(spec.name),
      pool_kind_(spec.pool),
      count_padding_(weights.traits.average_pool_counts_padding),
      output_(input) {
  Builder build(weights, spec.name, needs);
  output_.channels = 0;
  if (!spec.direct.empty()) {
    direct_.push_back(build.convolution({spec.direct}, input));
    output_ = build.after(direct_.back(), input);
  }

  std::vector<std::string> joined;
  int at = 0;
  for (const BranchSpec& b : spec.branches) {
    Branch branch;
    branch.first = at;
    branch.channels = build.out_channels(b.first);
    at += branch.channels;
    joined.push_back(b.first);
    Batch shape = {nullptr, input.count, input.height, input.width, branch.channels};
    build.hold(shape);
    shape = build.chain(b.chain, shape, branch.chain);
    for (const auto& tail : b.tails) {
      branch.tails.push_back(build.convolution({tail}, shape));
      output_.channels += build.after(branch.tails.back(), shape).channels;
    }
    if (b.tails.empty()) output_.channels += shape.channels;
    output_.height = shape.height;
    output_.width = shape.width;
    branches_.push_back(std::move(branch));
  }
  if (spec.pool == PoolBranch::average) {
    joined.push_back(spec.pool_convolution);
    pool_first_ = at;
    pool_channels_ = build.out_channels(spec.pool_convolution);
    pool_bias_ = weights.tensors.at(build.full_name(spec.pool_convolution) + ".bias").values;
  } else if (spec.pool == PoolBranch::max) {
    build.hold(input);
    pool_.push_back(build.convolution({spec.pool_convolution}, input));
    pool_channels_ = build.after(pool_.back(), input).channels;
  } else {
    pool_channels_ = input.channels;
  }
  output_.channels += pool_channels_;
  // ReLU comes when the branches are taken apart; the pool branch wants its sums without it.
  wide_.push_back(build.convolution(joined, input, false, spec.pool_convolution));
  need(needs.wide, {nullptr, input.count, input.height, input.width, wide_.back().out_channels()});
}

void Block::run(const Batch& input, const Batch& out, Workspace& work) const {
  int at = 0;
  for (const Convolution& direct : direct_) at = place(run_into(direct, input, work.chain[0], work), out, at);
  const Batch wide = run_into(wide_.front(), input, work.wide, work);
  for (const Branch& branch : branches_) at = run_branch(branch, wide, out, at, work);
  run_pool(input, wide, out, at, work);
}

int Block::run_branch(const Branch& branch, const Batch& wide, const Batch& out, int at, Workspace& work) {
  if (branch.chain.empty() && branch.tails.empty()) {
    for (int i = 0; i < wide.count; ++i) relu_slice(wide.view(i), branch.first, out.slice(i, at, branch.channels));
    return at + branch.channels;
  }
  int now = 0;
  Batch x = in_buffer(work.chain[0], wide.count, wide.height, wide.width, branch.channels);
  for (int i = 0; i < wide.count; ++i) relu_slice(wide.view(i), branch.first, x.view(i));
  for (const Convolution& layer : branch.chain) {
    now = 1 - now;
    x = run_into(layer, x, work.chain.at(static_cast<std::size_t>(now)), work);
  }
  if (branch.tails.empty()) return place(x, out, at);
  for (const Convolution& tail : branch.tails)
    at = place(run_into(tail, x, work.chain.at(static_cast<std::size_t>(1 - now)), work), out, at);
  return at;
}

void Block::run_pool(const Batch& input, const Batch& wide, const Batch& out, int at, Workspace& work) const {
  if (pool_kind_ == PoolBranch::max) {
    const Batch pooled = in_buffer(work.chain[0], input.count, input.height, input.width, input.channels);
    for (int i = 0; i < input.count; ++i) max_pool(input.view(i), 1, pooled.view(i));
    place(run_into(pool_.front(), pooled, work.chain[1], work), out, at);
    return;
  }
  for (int i = 0; i < input.count; ++i) {
    const View target = out.slice(i, at, pool_channels_);
    if (pool_kind_ == PoolBranch::average) {
      average_pool(wide.view(i), pool_first_, pool_bias_.data(), count_padding_, target);
    } else {
      max_pool(input.view(i), 2, target);
    }
  }
}

}  // namespace pool3::onednn
