#include "network/torch/device_network.hpp"

#include <ATen/ATen.h>
#include <ATen/Context.h>
#include <ATen/Parallel.h>
#include <c10/core/DeviceGuard.h>
#include <c10/core/InferenceMode.h>
#include <c10/core/impl/DeviceGuardImplInterface.h>
#include <c10/core/impl/VirtualGuardImpl.h>
#include <fmt/format.h>

#include <unordered_map>
#include <utility>

#include "network/torch/inception.hpp"
#include "network/torch/one_thread.hpp"

namespace pool3::network {
namespace {

/// Other streams don't wait for what this thread has asked of the device until now, such as weights in their layout.
void finish_work_on(c10::Device device) {
  if (!device.is_cpu()) c10::impl::VirtualGuardImpl(device.type()).getStream(device).synchronize();
}

class DeviceNetwork final : public Network {
 public:
  DeviceNetwork(Compute compute, const NetworkOptions& options)
      : compute_(std::move(compute)), options_(options), device_(device_of(options)), feeders_(device_, options.batch) {
    at::set_num_threads(1);
    // The same numbers in every run, and fp32 that is fp32.
    at::globalContext().setBenchmarkCuDNN(false);
    at::globalContext().setDeterministicCuDNN(true);
    at::globalContext().setAllowTF32CuDNN(false);
    guarded([&] {
      finish_work_on(device_);
      feeders_.try_out(compute_);
    });
  }

  [[nodiscard]] std::int64_t width() const override { return inception_width; }

  void features(std::span<const float> input, int count, std::span<float> out) const override {
    check_call(options_, input, count, out);
    guarded([&] { feeders_.run(compute_, input, count, out); });
  }

  [[nodiscard]] std::vector<StageOutput> stages(std::span<const float> /*input*/) const override {
    throw network_error("a TorchScript network, or one on a GPU, does not show its layers");
  }

 private:
  /// On the device, by the calling thread alone.
  template <typename Action>
  void guarded(const Action& action) const {
    try {
      const c10::InferenceMode inference;
      const OneThread alone;
      c10::OptionalDeviceGuard on_device;
      if (!device_.is_cpu()) on_device.reset_device(device_);
      action();
    } catch (const std::exception& error) {
      throw network_error(error.what());
    }
  }

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

std::string reason_of(const std::string& what) {
  std::string line = what.substr(0, what.find('\n'));
  if (!line.starts_with("The following operation failed")) return line;
  // Of TorchScript: the way to the operation comes first, the reason in the last line.
  const std::size_t end = what.find_last_not_of('\n');
  if (end == std::string::npos) return line;
  const std::size_t begin = what.find_last_of('\n', end);
  return begin == std::string::npos ? line : what.substr(begin + 1, end - begin);
}

Error network_error(const std::string& what) {
  const std::string line = reason_of(what);
  const auto says = [&](const char* words) { return line.find(words) != std::string::npos; };
  std::string advice;
  if (says("out of memory") || says("ALLOC_FAILED") || says("can't allocate memory"))
    advice = "give a smaller --batch, or start fewer ranks for each GPU or node";
  else if (says("CUDA") || says("cuDNN") || says("CUDNN"))
    advice = "take another --precision, or --device cpu";
  return Error({.stage = "network", .path = {}, .cause = line, .advice = advice});
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
