#pragma once
// One mixed block of Inception-v3, ready to run.

#include <array>
#include <memory>
#include <vector>

#include "network/onednn/convolution.hpp"

namespace pool3::onednn {

/// Activations of the whole batch, dense NHWC.
struct Batch {
  Bf16* data = nullptr;
  int count = 0, height = 0, width = 0, channels = 0;
  [[nodiscard]] std::int64_t picture_values() const { return static_cast<std::int64_t>(height) * width * channels; }
  /// Channels [first, first + n) of one picture.
  [[nodiscard]] View slice(int picture, int first, int n) const {
    return {data + picture * picture_values() + first, height, width, n, channels};
  }
  [[nodiscard]] View view(int picture) const { return slice(picture, 0, channels); }
};

/// Memory of one thread; its buffers are used again by every block and every call.
struct Workspace {
  std::vector<Bf16> joined;                ///< the stem's output of the whole batch
  std::vector<Bf16> front, back;           ///< input and output of a block, in turn
  std::vector<Bf16> wide;                  ///< the joined 1x1 convolutions of a block
  std::array<std::vector<Bf16>, 2> chain;  ///< along a branch, in turn
  std::vector<std::byte> scratch;
  /// Makes each buffer at least as large as that of `other`.
  void grow_to(const Workspace& other);
};

/// A branch: a 1x1 convolution (joined with those of the other branches), then the chain, then the tails side by side.
struct BranchSpec {
  std::string first;
  std::vector<std::string> chain;
  std::vector<std::string> tails;
};

enum class PoolBranch : std::uint8_t {
  average,   ///< 3x3 average, then a 1x1 convolution
  max,       ///< 3x3 maximum, same size, then a 1x1 convolution
  max_halve  ///< 3x3 maximum with stride 2 alone
};

/// A block by the names of its layers, without the block's own. Outputs stand in this order: direct, branches, pool.
struct BlockSpec {
  std::string name;
  std::string direct;  ///< a convolution on the input itself, or ""
  std::vector<BranchSpec> branches;
  PoolBranch pool = PoolBranch::average;
  std::string pool_convolution;  ///< "" for max_halve
};

/// Immutable after construction.
class Block {
 public:
  /// `input` gives the shape alone. Notes in `needs` how large buffers must be.
  Block(const Weights& weights, const BlockSpec& spec, const Batch& input, Workspace& needs);
  [[nodiscard]] const std::string& name() const { return name_; }
  /// Shape of the output, without data.
  [[nodiscard]] const Batch& output() const { return output_; }
  /// `out.data` receives the output.
  void run(const Batch& input, const Batch& out, Workspace& work) const;

 private:
  struct Branch {
    int first = 0, channels = 0;  ///< place in the joined convolution
    std::vector<Convolution> chain, tails;
  };
  static int run_branch(const Branch& branch, const Batch& wide, const Batch& out, int at, Workspace& work);
  void run_pool(const Batch& input, const Batch& wide, const Batch& out, int at, Workspace& work) const;

  std::string name_;
  PoolBranch pool_kind_;
  bool count_padding_;
  std::vector<Convolution> direct_, wide_, pool_;  ///< one or none each
  std::vector<Branch> branches_;
  int pool_first_ = 0, pool_channels_ = 0;  ///< place of the pool branch in the joined convolution
  std::vector<float> pool_bias_;
  Batch output_;
};

}  // namespace pool3::onednn
