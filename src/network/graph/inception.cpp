#include "network/graph/inception.hpp"

#include <algorithm>
#include <functional>
#include <mutex>
#include <utility>

#include "network/graph/inception_blocks.hpp"
#include "pool3/error.hpp"

namespace pool3::network {
namespace {

/// Memory of one thread, used again by every call.
struct Workspace {
  Memory front, back;  ///< input and output of a pipeline, in turn
  Memory scratch;
};

class Inception final : public Network {
 public:
  Inception(const Kernels& kernels, const Weights& weights, int batch)
      : kernels_(kernels), batch_(batch), graph_(make_blocks(kernels, weights)) {
    for (const Pipeline& pipeline : graph_) {
      activation_bytes_ = std::max(activation_bytes_, bytes_of(pipeline.output()));
      scratch_bytes_ = std::max(scratch_bytes_, pipeline.scratch_bytes());
    }
  }

  [[nodiscard]] std::int64_t width() const override { return graph_.back().output().channels; }

  void features(std::span<const float> input, int count, std::span<float> out) const override {
    if (count < 1 || count > batch_ || std::ssize(input) < count * input_floats || std::ssize(out) < count * width())
      throw Error({.stage = "network", .cause = "a call with a wrong number of images"});
    std::unique_ptr<Workspace> work = take_workspace();
    kernels_.begin();
    for (int first = 0; first < count; first += lanes) {
      const int some = std::min(lanes, count - first);
      const View last = run(input.subspan(static_cast<std::size_t>(first * input_floats)), some, *work, {}, {});
      kernels_.mean(last, some, out.data() + first * width());
    }
    kernels_.end();
    give_back(std::move(work));
  }

  void watch(std::span<const float> input, int count, const WatchLayers& watch) const {
    std::unique_ptr<Workspace> work = take_workspace();
    kernels_.begin();
    for (int first = 0; first < count; first += lanes) {
      const int some = std::min(lanes, count - first);
      const auto watch_row = [&](const Pipeline::MadeRow& row) {
        if (!row.layer.empty()) watch(row, some);
      };
      static_cast<void>(run(input.subspan(static_cast<std::size_t>(first * input_floats)), some, *work, watch_row, {}));
    }
    kernels_.end();
    give_back(std::move(work));
  }

  [[nodiscard]] std::vector<StageOutput> stages(std::span<const float> input) const override {
    std::vector<StageOutput> stages;
    const auto stage = [&](const std::string& name, const View& view) -> StageOutput& {
      const auto found = std::find_if(stages.begin(), stages.end(), [&](const auto& s) { return s.name == name; });
      if (found != stages.end()) return *found;
      const int values = view.channels * view.height * view.width;
      stages.push_back(
          {name, view.channels, view.height, view.width, std::vector<float>(static_cast<std::size_t>(values))});
      return stages.back();
    };
    const auto watch_row = [&](const Pipeline::MadeRow& row) {
      if (row.layer == "Conv2d_1a_3x3" || row.layer == "Conv2d_2a_3x3")
        keep_row(row.view, row.codes, row.y, stage(row.layer, row.view));
    };
    const auto watch_block = [&](const std::string& name, const View& view, const ChannelCodes& codes) {
      if (name != "Mixed_5d" && name != "Mixed_6e") return;
      for (int y = 0; y < view.height; ++y) keep_row(view, codes, y, stage(name, view));
    };
    std::unique_ptr<Workspace> work = take_workspace();
    std::vector<float> pool(static_cast<std::size_t>(width()));
    kernels_.begin();
    kernels_.mean(run(input, 1, *work, watch_row, watch_block), 1, pool.data());
    kernels_.end();
    give_back(std::move(work));
    stages.push_back({"pool_3", static_cast<int>(width()), 1, 1, std::move(pool)});
    return stages;
  }

 private:
  using Watch = std::function<void(const std::string& name, const View& view, const ChannelCodes& codes)>;

  /// Returns the last block's output.
  View run(std::span<const float> pictures, int count, const Workspace& work, const Pipeline::Watch& watch_row,
           const Watch& watch_block) const {
    Pipeline::Source source = {.activations = {}, .pictures = pictures, .count = count};
    bool to_front = true;
    for (const Pipeline& pipeline : graph_) {
      View out = pipeline.output();
      out.data = (to_front ? work.front : work.back).data();
      pipeline.run(source, out, work.scratch.data(), watch_row);
      if (watch_block) watch_block(pipeline.name(), out, pipeline.output_codes());
      source.activations = out;
      to_front = !to_front;
    }
    return source.activations;
  }

  /// Row y of the first picture.
  static void keep_row(const View& view, const ChannelCodes& codes, int y, StageOutput& stage) {
    for (int x = 0; x < view.width; ++x)
      for (int c = 0; c < view.channels; ++c) {
        const std::int64_t at = (std::int64_t{c} * view.height + y) * view.width + x;
        stage.values[static_cast<std::size_t>(at)] = value_at(view, codes, y, x, 0, c);
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
    const bool full = batch_ >= lanes;  // else most lanes stay untouched
    return std::make_unique<Workspace>(
        Workspace{Memory(activation_bytes_, full), Memory(activation_bytes_, full), Memory(scratch_bytes_, full)});
  }
  void give_back(std::unique_ptr<Workspace> work) const {
    const std::lock_guard lock(mutex_);
    idle_.push_back(std::move(work));
  }

  const Kernels& kernels_;
  int batch_;
  std::vector<Pipeline> graph_;
  std::int64_t activation_bytes_ = 0, scratch_bytes_ = 0;
  mutable std::mutex mutex_;
  mutable std::vector<std::unique_ptr<Workspace>> idle_;
};

}  // namespace

std::unique_ptr<Network> open_inception(const Kernels& kernels, const Weights& weights, int batch) {
  return std::make_unique<Inception>(kernels, weights, batch);
}

void watch_layers(const Kernels& kernels, const Weights& weights, std::span<const float> input, int count,
                  const WatchLayers& watch) {
  Inception(kernels, weights, lanes).watch(input, count, watch);
}

}  // namespace pool3::network
