#include "network/onednn/inception.hpp"

#include <algorithm>
#include <functional>
#include <mutex>
#include <utility>

#include "network/one_thread.hpp"
#include "network/onednn/block.hpp"
#include "pool3/error.hpp"

namespace pool3::onednn {
namespace {

const std::vector<std::string> chain_7x7 = {"branch7x7_2", "branch7x7_3"};
const std::vector<std::string> chain_7x7dbl = {"branch7x7dbl_2", "branch7x7dbl_3", "branch7x7dbl_4", "branch7x7dbl_5"};

/// The mixed blocks, as torchvision lays them out.
std::vector<BlockSpec> block_specs(const NetworkTraits& traits) {
  std::vector<BlockSpec> specs;
  for (const char* name : {"Mixed_5b", "Mixed_5c", "Mixed_5d"})
    specs.push_back({name,
                     "",
                     {{"branch1x1", {}, {}},
                      {"branch5x5_1", {"branch5x5_2"}, {}},
                      {"branch3x3dbl_1", {"branch3x3dbl_2", "branch3x3dbl_3"}, {}}},
                     PoolBranch::average,
                     "branch_pool"});
  specs.push_back({"Mixed_6a",
                   "branch3x3",
                   {{"branch3x3dbl_1", {"branch3x3dbl_2", "branch3x3dbl_3"}, {}}},
                   PoolBranch::max_halve,
                   ""});
  for (const char* name : {"Mixed_6b", "Mixed_6c", "Mixed_6d", "Mixed_6e"})
    specs.push_back({name,
                     "",
                     {{"branch1x1", {}, {}}, {"branch7x7_1", chain_7x7, {}}, {"branch7x7dbl_1", chain_7x7dbl, {}}},
                     PoolBranch::average,
                     "branch_pool"});
  specs.push_back({"Mixed_7a",
                   "",
                   {{"branch3x3_1", {"branch3x3_2"}, {}},
                    {"branch7x7x3_1", {"branch7x7x3_2", "branch7x7x3_3", "branch7x7x3_4"}, {}}},
                   PoolBranch::max_halve,
                   ""});
  for (const char* name : {"Mixed_7b", "Mixed_7c"})
    specs.push_back({name,
                     "",
                     {{"branch1x1", {}, {}},
                      {"branch3x3_1", {}, {"branch3x3_2a", "branch3x3_2b"}},
                      {"branch3x3dbl_1", {"branch3x3dbl_2"}, {"branch3x3dbl_3a", "branch3x3dbl_3b"}}},
                     PoolBranch::average,
                     "branch_pool"});
  if (traits.max_pool_in_7c) specs.back().pool = PoolBranch::max;
  return specs;
}

/// One step of the stem: a convolution, or (names empty) a 3x3 maximum with stride 2.
struct StemStep {
  std::string name;
  std::vector<Convolution> convolution;
  Batch output;
};

class Inception final : public Network {
 public:
  Inception(const Weights& weights, int batch) : batch_(batch) {
    const OneThread guard;
    // The stem goes picture by picture: its activations are large, its weights small.
    Batch shape = {nullptr, 1, input_side, input_side, 3};
    note(shape);
    for (const char* name :
         {"Conv2d_1a_3x3", "Conv2d_2a_3x3", "Conv2d_2b_3x3", "", "Conv2d_3b_1x1", "Conv2d_4a_3x3", ""})
      shape = add_stem_step(weights, name, shape);
    shape.count = batch;
    needs_.joined.resize(static_cast<std::size_t>(batch * shape.picture_values()));
    for (const BlockSpec& spec : block_specs(weights.traits)) {
      blocks_.emplace_back(weights, spec, shape, needs_);
      shape = blocks_.back().output();
      note(shape);
    }
  }

  void features(std::span<const float> input, int count, std::span<float> out) const override {
    if (count < 1 || count > batch_ || std::ssize(input) < count * input_floats ||
        std::ssize(out) < count * feature_dim)
      throw Error({.stage = "network", .cause = "a call with a wrong number of images"});
    const OneThread guard;
    std::unique_ptr<Workspace> work = take_workspace();
    try {
      run(input, count, out, *work, {});
    } catch (const dnnl::error& error) {
      throw Error({.stage = "network", .cause = std::string("oneDNN: ") + error.what()});
    }
    give_back(std::move(work));
  }

  [[nodiscard]] std::vector<StageOutput> stages(std::span<const float> input) const override {
    std::vector<StageOutput> stages;
    const Watch watch = [&](const std::string& name, const View& view) {
      if (name == "Conv2d_1a_3x3" || name == "Conv2d_2a_3x3" || name == "Mixed_5d" || name == "Mixed_6e")
        stages.push_back({name, view.channels, view.height, view.width, to_planes(view)});
    };
    const OneThread guard;
    std::unique_ptr<Workspace> work = take_workspace();
    std::vector<float> pool(static_cast<std::size_t>(feature_dim));
    run(input, 1, pool, *work, watch);
    give_back(std::move(work));
    stages.push_back({"pool_3", static_cast<int>(feature_dim), 1, 1, std::move(pool)});
    return stages;
  }

 private:
  /// Gets the name and the first picture's output of every layer of the stem and of every block.
  using Watch = std::function<void(const std::string&, const View&)>;

  void run(std::span<const float> input, int count, std::span<float> out, Workspace& work, const Watch& watch) const {
    const std::int64_t joined = stem_.back().output.picture_values();
    Batch x = stem_.back().output;
    x.count = batch_;
    x.data = work.joined.data();
    for (int i = 0; i < count; ++i) run_stem(input.data() + i * input_floats, x.data + i * joined, work, watch);
    // Missing pictures are black behind the stem: the shape of a batch is fixed.
    std::fill(x.data + count * joined, x.data + batch_ * joined, Bf16{0});
    bool to_front = true;
    for (const Block& block : blocks_) {
      Batch y = block.output();
      y.data = (to_front ? work.front : work.back).data();
      block.run(x, y, work);
      if (watch) watch(block.name(), y.view(0));
      x = y;
      to_front = !to_front;
    }
    for (int i = 0; i < count; ++i) spatial_mean(x.view(i), out.data() + i * feature_dim);
  }

  void note(const Batch& shape) {
    const auto values = static_cast<std::size_t>(shape.count * shape.picture_values());
    for (auto* buffer : {&needs_.front, &needs_.back})
      if (buffer->size() < values) buffer->resize(values);
  }

  Batch add_stem_step(const Weights& weights, const std::string& name, const Batch& input) {
    StemStep step{.name = name};
    step.output = {nullptr, 1, (input.height - 3) / 2 + 1, (input.width - 3) / 2 + 1, input.channels};
    if (!name.empty()) {
      step.convolution.emplace_back(weights, ConvolutionSpec{{name}, input.height, input.width, true},
                                    std::vector<std::string>{}, 1);
      const Convolution& c = step.convolution.front();
      step.output = {nullptr, 1, c.out_height(), c.out_width(), c.out_channels()};
      if (needs_.scratch.size() < c.scratch_bytes()) needs_.scratch.resize(c.scratch_bytes());
    }
    note(step.output);
    stem_.push_back(std::move(step));
    return stem_.back().output;
  }

  /// One picture up to the first mixed block.
  void run_stem(const float* picture, Bf16* out, Workspace& work, const Watch& watch) const {
    Batch x = {work.front.data(), 1, input_side, input_side, 3};
    to_bf16(picture, x.data, input_floats);
    bool to_front = false;
    for (const StemStep& step : stem_) {
      Batch y = step.output;
      y.data = &step == &stem_.back() ? out : (to_front ? work.front : work.back).data();
      if (step.convolution.empty()) {
        max_pool(x.view(0), 2, y.view(0));
      } else {
        step.convolution.front().execute(x.data, y.data, work.scratch.data());
      }
      if (watch) watch(step.name, y.view(0));
      x = y;
      to_front = !to_front;
    }
  }

  std::unique_ptr<Workspace> take_workspace() const {
    {
      const std::lock_guard lock(mutex_);
      if (!idle_.empty()) {
        auto work = std::move(idle_.back());
        idle_.pop_back();
        return work;
      }
    }
    auto work = std::make_unique<Workspace>();
    work->grow_to(needs_);
    return work;
  }
  void give_back(std::unique_ptr<Workspace> work) const {
    const std::lock_guard lock(mutex_);
    idle_.push_back(std::move(work));
  }

  int batch_;
  std::vector<StemStep> stem_;
  std::vector<Block> blocks_;
  Workspace needs_;  ///< sizes
  mutable std::mutex mutex_;
  mutable std::vector<std::unique_ptr<Workspace>> idle_;
};

}  // namespace

std::unique_ptr<Network> open_bf16_network(const Weights& weights, const NetworkOptions& options) {
  try {
    return std::make_unique<Inception>(weights, options.batch);
  } catch (const dnnl::error&) {
    return nullptr;
  }
}

}  // namespace pool3::onednn
