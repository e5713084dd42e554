#include "network/torch/device_network.hpp"

#include <ATen/ATen.h>
#include <ATen/Context.h>
#include <ATen/Parallel.h>
#include <c10/core/DeviceGuard.h>
#include <c10/core/InferenceMode.h>
#include <c10/core/impl/DeviceGuardImplInterface.h>
#include <fmt/format.h>

#include <unordered_map>
#include <utility>

#include "network/torch/inception.hpp"
#include "network/torch/one_thread.hpp"

namespace pool3::network {
namespace {

class DeviceNetwork final : public Network {
 public:
  DeviceNetwork(Compute compute, const NetworkOptions& options)
      : compute_(std::move(compute)), options_(options), device_(device_of(options)), feeders_(device_, options.batch) {
    at::set_num_threads(1);
    // The same numbers in every run, and fp32 that is fp32.
    at::globalContext().setBenchmarkCuDNN(false);
    at::globalContext().setDeterministicCuDNN(true);
    at::globalContext().setAllowTF32CuDNN(false);
    std::vector<float> input(static_cast<std::size_t>(input_floats));
    std::vector<float> out(static_cast<std::size_t>(inception_width));
    features(input, 1, out);
  }

  [[nodiscard]] std::int64_t width() const override { return inception_width; }

  void features(std::span<const float> input, int count, std::span<float> out) const override {
    check_call(options_, input, count, out);
    try {
      const c10::InferenceMode inference;
      const OneThread alone;
      c10::OptionalDeviceGuard on_device;
      if (!device_.is_cpu()) on_device.reset_device(device_);
      feeders_.run(compute_, input, count, out);
    } catch (const std::exception& error) {
      throw network_error(error.what());
    }
  }

  [[nodiscard]] std::vector<StageOutput> stages(std::span<const float> /*input*/) const override {
    throw network_error("a TorchScript network, or one on a GPU, does not show its layers");
  }

 private:
  Compute compute_;
  NetworkOptions options_;
  c10::Device device_;
  mutable Feeders feeders_;  // they lock themselves
};

/// The 94 layers whose weights lie on the device.
class DeviceLayers {
 public:
  DeviceLayers(const Weights& weights, at::ScalarType type, c10::Device device) {
    for (const ConvolutionShape& s : convolution_shapes())
      layers_[s.name] = {on_device(weights.tensors.at(s.name + ".weight"), type, device),
                         on_device(weights.tensors.at(s.name + ".bias"), type, device),
                         {s.stride, s.stride},
                         {s.pad_height, s.pad_width}};
  }
  [[nodiscard]] at::Tensor run(const std::string& name, const at::Tensor& x) const {
    const Layer& layer = layers_.at(name);
    return at::conv2d(x, layer.weight, layer.bias, layer.stride, layer.padding).relu_();
  }

 private:
  struct Layer {
    at::Tensor weight, bias;
    std::vector<std::int64_t> stride, padding;
  };
  static at::Tensor on_device(const Tensor& tensor, at::ScalarType type, c10::Device device) {
    // NOLINTNEXTLINE(cppcoreguidelines-pro-type-const-cast): only read; from_blob knows no const
    const at::Tensor view = at::from_blob(const_cast<float*>(tensor.values.data()), tensor.shape, at::kFloat);
    return view.to(device, type, false, true,
                   tensor.shape.size() == 4 ? at::MemoryFormat::ChannelsLast : at::MemoryFormat::Contiguous);
  }
  std::unordered_map<std::string, Layer> layers_;
};

}  // namespace

Error network_error(const std::string& cause) {
  return Error({.stage = "network", .path = {}, .cause = cause.substr(0, cause.find('\n')), .advice = {}});
}

at::ScalarType type_of(Precision precision) {
  if (precision == Precision::fp16) return at::kHalf;
  return precision == Precision::bf16 ? at::kBFloat16 : at::kFloat;
}

void check_call(const NetworkOptions& options, std::span<const float> input, int count, std::span<float> out) {
  if (count < 1 || count > options.batch || std::ssize(input) < count * input_floats ||
      std::ssize(out) < count * inception_width) {
    throw network_error("a call with a wrong number of images");
  }
}

int cuda_devices() {
  if (!c10::impl::hasDeviceGuardImpl(c10::DeviceType::CUDA)) return -1;
  return c10::impl::getDeviceGuardImpl(c10::DeviceType::CUDA)->deviceCount();
}

c10::Device device_of(const NetworkOptions& options) {
  if (options.device == Device::cpu) return {c10::kCPU};
  if (options.gpu < 0 || options.gpu >= cuda_devices())
    throw Error({.stage = "open network",
                 .path = {},
                 .cause = fmt::format("there is no CUDA GPU {} that LibTorch can use", options.gpu),
                 .advice = "use --device cpu"});
  return {c10::kCUDA, static_cast<c10::DeviceIndex>(options.gpu)};
}

std::unique_ptr<Network> make_device_network(Compute compute, const NetworkOptions& options) {
  return std::make_unique<DeviceNetwork>(std::move(compute), options);
}

std::unique_ptr<Network> open_on_device(const Weights& weights, const NetworkOptions& options) {
  const at::ScalarType type = type_of(options.precision);
  const auto layers = std::make_shared<const DeviceLayers>(weights, type, device_of(options));
  const auto compute = [layers, type, traits = weights.traits](const at::Tensor& pictures) {
    return inception_features(pictures.to(type), traits,
                              [&](const std::string& name, const at::Tensor& x) { return layers->run(name, x); });
  };
  return make_device_network(compute, options);
}

}  // namespace pool3::network
