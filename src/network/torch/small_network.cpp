#include "network/torch/small_network.hpp"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>

#include <algorithm>
#include <numeric>

#include "network/torch/device_network.hpp"
#include "network/torch/one_thread.hpp"

namespace pool3::network {
namespace {

constexpr std::int64_t first_maps = 16, second_maps = 32, hidden = 128, shrunk = 8;

/// On the calling thread alone; what LibTorch throws becomes an Error.
template <typename Action>
auto guarded(const Action& action) {
  const OneThread alone;
  try {
    return action();
  } catch (const std::exception& error) {
    throw network_error(error.what());
  }
}

class Small final : public SmallNetwork {
 public:
  explicit Small(const SmallNetworkShape& shape) : shape_(shape) {
    at::set_num_threads(1);
    const std::int64_t flat = second_maps * (shape.side / shrunk) * (shape.side / shrunk);
    sizes_ = {{first_maps, 3, 5, 5}, {first_maps}, {second_maps, first_maps, 3, 3}, {second_maps},
              {hidden, flat},        {hidden},     {shape.classes, hidden},         {shape.classes}};
  }

  [[nodiscard]] std::vector<Layer> layers() const override {
    std::vector<Layer> all;
    for (const auto& size : sizes_) {
      const std::int64_t numbers = count(size);
      all.push_back({numbers, size.size() == 1 ? 0 : numbers / size[0]});
    }
    return all;
  }

  [[nodiscard]] double add_gradient(std::span<const float> parameters, std::span<const float> pictures,
                                    std::span<const std::int64_t> labels, std::span<float> gradient) const override {
    return guarded([&] {
      at::Tensor flat = tensor(parameters, {std::ssize(parameters)}).clone().requires_grad_(true);
      const at::Tensor scores = forward(flat, pictures);
      // NOLINTNEXTLINE(cppcoreguidelines-pro-type-const-cast): only read; from_blob knows no const
      const at::Tensor truth = at::from_blob(const_cast<std::int64_t*>(labels.data()), {std::ssize(labels)}, at::kLong);
      const at::Tensor loss = at::cross_entropy_loss(scores, truth, {}, at::Reduction::Sum);
      loss.backward();
      const at::Tensor found = flat.grad().contiguous();
      std::transform(gradient.begin(), gradient.end(), found.data_ptr<float>(), gradient.begin(), std::plus<>());
      return loss.item<double>();
    });
  }

  [[nodiscard]] std::vector<float> probabilities(std::span<const float> parameters,
                                                 std::span<const float> pictures) const override {
    return guarded([&] {
      const at::Tensor flat = tensor(parameters, {std::ssize(parameters)});
      const at::Tensor p = at::softmax(forward(flat, pictures), 1).contiguous();
      return std::vector<float>(p.data_ptr<float>(), p.data_ptr<float>() + p.numel());
    });
  }

 private:
  static std::int64_t count(const std::vector<std::int64_t>& size) {
    return std::accumulate(size.begin(), size.end(), std::int64_t{1}, std::multiplies<>());
  }
  static at::Tensor tensor(std::span<const float> numbers, at::IntArrayRef size) {
    // NOLINTNEXTLINE(cppcoreguidelines-pro-type-const-cast): only read; from_blob knows no const
    return at::from_blob(const_cast<float*>(numbers.data()), size, at::kFloat);
  }
  [[nodiscard]] at::Tensor forward(const at::Tensor& flat, std::span<const float> pictures) const {
    std::vector<at::Tensor> p;
    std::int64_t at = 0;
    for (const auto& size : sizes_) {
      p.push_back(flat.narrow(0, at, count(size)).view(size));
      at += count(size);
    }
    const std::int64_t n = std::ssize(pictures) / (3 * shape_.side * shape_.side);
    at::Tensor x = tensor(pictures, {n, 3, shape_.side, shape_.side});
    x = at::max_pool2d(at::relu(at::conv2d(x, p[0], p[1], 2, 2)), 2);
    x = at::max_pool2d(at::relu(at::conv2d(x, p[2], p[3], 1, 1)), 2);
    x = at::relu(at::linear(x.flatten(1), p[4], p[5]));
    return at::linear(x, p[6], p[7]);
  }

  SmallNetworkShape shape_;
  std::vector<std::vector<std::int64_t>> sizes_;  ///< weights and biases in turn
};

}  // namespace

std::unique_ptr<SmallNetwork> small_network(const SmallNetworkShape& shape) { return std::make_unique<Small>(shape); }

}  // namespace pool3::network
