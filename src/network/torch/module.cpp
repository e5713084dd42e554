#include "network/torch/module.hpp"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <c10/core/InferenceMode.h>
#include <omp.h>

#include <algorithm>

#include "network/torch/convolutions.hpp"
#include "network/torch/inception.hpp"
#include "pool3/error.hpp"

namespace pool3 {
namespace {

/// Keeps OpenMP, and so LibTorch and oneDNN, on the calling thread while it lives.
class OneThread {
 public:
  OneThread() : before_(omp_get_max_threads()) { omp_set_num_threads(1); }
  ~OneThread() { omp_set_num_threads(before_); }
  OneThread(const OneThread&) = delete;
  OneThread& operator=(const OneThread&) = delete;

 private:
  int before_;
};

Error network_error(const std::string& cause) {
  return Error({.stage = "network", .path = {}, .cause = cause.substr(0, cause.find('\n')), .advice = {}});
}

at::ScalarType type_of(Precision precision) { return precision == Precision::bf16 ? at::kBFloat16 : at::kFloat; }

class TorchNetwork final : public Network {
 public:
  TorchNetwork(const Weights& weights, const NetworkOptions& options)
      : traits_(weights.traits), options_(options), convolutions_(weights, type_of(options.precision)) {
    const c10::InferenceMode inference;
    const OneThread alone;
    at::set_num_threads(1);  // LibTorch's own setting, for threads that it has not seen yet
    const at::Tensor zeros = at::zeros({options.batch, input_side, input_side, 3});
    static_cast<void>(inception_features(as_pictures(zeros), traits_, [this](const auto& name, const auto& x) {
      convolutions_.pack(name, x);
      return convolutions_.run(name, x);
    }));
  }

  void features(std::span<const float> input, int count, std::span<float> out) const override {
    if (count < 1 || count > options_.batch || std::ssize(input) < count * input_floats ||
        std::ssize(out) < count * feature_dim) {
      throw network_error("a call with a wrong number of images");
    }
    try {
      run(input, count, out);
    } catch (const std::exception& error) {
      throw network_error(error.what());
    }
  }

 private:
  void run(std::span<const float> input, int count, std::span<float> out) const {
    const c10::InferenceMode inference;
    const OneThread alone;
    const at::Tensor y =
        inception_features(as_pictures(padded(input, count)), traits_,
                           [this](const auto& name, const auto& x) { return convolutions_.run(name, x); });
    const at::Tensor rows = y.contiguous();
    std::copy_n(rows.data_ptr<float>(), count * feature_dim, out.data());
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
  PackedConvolutions convolutions_;
};

}  // namespace
}  // namespace pool3

extern "C" __attribute__((visibility("default"))) pool3::Network* pool3_open_torch_network_1(
    const pool3::Weights& weights, const pool3::NetworkOptions& options) {
  try {
    return std::make_unique<pool3::TorchNetwork>(weights, options).release();
  } catch (const std::exception& error) {
    throw pool3::network_error(error.what());
  }
}
