#include "network/torch/cpu_network.hpp"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <c10/core/InferenceMode.h>

#include <algorithm>
#include <array>
#include <string_view>

#include "network/torch/device_network.hpp"
#include "network/torch/inception.hpp"
#include "network/torch/one_thread.hpp"
#include "network/torch/packed_layers.hpp"

namespace pool3::network {
namespace {

constexpr std::array<std::string_view, 4> stage_names = {"Conv2d_1a_3x3", "Conv2d_2a_3x3", "Mixed_5d", "Mixed_6e"};

/// The first picture of a layer's output [N, C, H, W].
StageOutput stage_of(const std::string& name, const at::Tensor& x) {
  const at::Tensor first = x.select(0, 0).to(at::kFloat).contiguous();
  const float* values = first.data_ptr<float>();
  return {.name = name,
          .channels = static_cast<int>(x.size(1)),
          .height = static_cast<int>(x.size(2)),
          .width = static_cast<int>(x.size(3)),
          .values = {values, values + first.numel()}};
}

class CpuNetwork final : public Network {
 public:
  CpuNetwork(const Weights& weights, const NetworkOptions& options)
      : traits_(weights.traits), options_(options), layers_(weights, type_of(options.precision)) {
    const c10::InferenceMode inference;
    const OneThread alone;
    at::set_num_threads(1);  // LibTorch's own setting, for threads that it has not seen yet
    const at::Tensor zeros = at::zeros({options.batch, input_side, input_side, 3});
    static_cast<void>(inception_features(as_pictures(zeros), traits_, [this](const auto& name, const auto& x) {
      layers_.pack(name, x);
      return layers_.run(name, x);
    }));
  }

  [[nodiscard]] std::int64_t width() const override { return inception_width; }

  void features(std::span<const float> input, int count, std::span<float> out) const override {
    check_call(options_, input, count, out);
    try {
      run(input, count, out);
    } catch (const std::exception& error) {
      throw network_error(error.what());
    }
  }

  [[nodiscard]] std::vector<StageOutput> stages(std::span<const float> input) const override {
    if (std::ssize(input) != input_floats) throw network_error("an input of the wrong size");
    try {
      return run_stages(input);
    } catch (const std::exception& error) {
      throw network_error(error.what());
    }
  }

 private:
  [[nodiscard]] std::vector<StageOutput> run_stages(std::span<const float> input) const {
    const c10::InferenceMode inference;
    const OneThread alone;
    std::vector<StageOutput> stages;
    const Observe observe = [&](const std::string& name, const at::Tensor& x) {
      if (std::ranges::find(stage_names, name) != stage_names.end()) stages.push_back(stage_of(name, x));
    };
    const Convolve convolve = [&](const std::string& name, const at::Tensor& x) {
      at::Tensor y = layers_.run(name, x);
      observe(name, y);
      return y;
    };
    const at::Tensor pooled = inception_features(as_pictures(padded(input, 1)), traits_, convolve, observe);
    stages.push_back(stage_of("pool_3", pooled.unsqueeze(-1).unsqueeze(-1)));
    return stages;
  }

  void run(std::span<const float> input, int count, std::span<float> out) const {
    const c10::InferenceMode inference;
    const OneThread alone;
    const at::Tensor y = inception_features(as_pictures(padded(input, count)), traits_,
                                            [this](const auto& name, const auto& x) { return layers_.run(name, x); });
    const at::Tensor rows = y.contiguous();
    std::copy_n(rows.data_ptr<float>(), count * inception_width, out.data());
  }

  /// [batch, 299, 299, 3]; a view of `input` if that is a full batch.
  [[nodiscard]] at::Tensor padded(std::span<const float> input, int count) const {
    // NOLINTNEXTLINE(cppcoreguidelines-pro-type-const-cast): only read; from_blob knows no const
    at::Tensor given = at::from_blob(const_cast<float*>(input.data()), {count, input_side, input_side, 3}, at::kFloat);
    if (count == options_.batch) return given;
    at::Tensor batch = at::zeros({options_.batch, input_side, input_side, 3});
    batch.narrow(0, 0, count).copy_(given);
    return batch;
  }

  /// NHWC floats as an NCHW tensor of the network's type, channels last.
  [[nodiscard]] at::Tensor as_pictures(const at::Tensor& nhwc) const {
    return nhwc.permute({0, 3, 1, 2}).to(type_of(options_.precision));
  }

  NetworkTraits traits_;
  NetworkOptions options_;
  PackedLayers layers_;
};

}  // namespace

std::unique_ptr<Network> open_on_cpu(const Weights& weights, const NetworkOptions& options) {
  return std::make_unique<CpuNetwork>(weights, options);
}

}  // namespace pool3::network
