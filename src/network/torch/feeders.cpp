#include "network/torch/feeders.hpp"

#include <ATen/ATen.h>
#include <c10/core/StreamGuard.h>
#include <c10/core/impl/VirtualGuardImpl.h>

#include <algorithm>
#include <utility>

#include "network/torch/inception.hpp"
#include "pool3/types.hpp"

namespace pool3::network {

Feeder::Feeder(c10::Device device, int batch)
    : device_(device),
      chunk_(device.is_cpu() || batch == 1 ? batch : (batch + 1) / 2),
      sets_used_(chunk_ == batch ? 1 : 2) {
  const auto here = at::TensorOptions(at::kFloat).pinned_memory(!device.is_cpu());
  for (std::size_t i = 0; i < sets_used_; ++i) {
    Buffers& buffers = sets_.at(i);
    buffers.staged = at::zeros({chunk_, input_side, input_side, 3}, here);
    buffers.rows = at::empty({chunk_, inception_width}, here);
    buffers.pictures = device.is_cpu()
                           ? buffers.staged
                           : at::empty(buffers.staged.sizes(), at::TensorOptions(at::kFloat).device(device));
    if (!device.is_cpu()) buffers.stream = c10::impl::VirtualGuardImpl(device.type()).getStreamFromGlobalPool(device);
  }
}

Feeder::~Feeder() {
  for (const Buffers& buffers : sets_) {
    try {
      if (buffers.stream) buffers.stream->synchronize();
    } catch (const std::exception&) {  // the device has failed; whoever asked for this was told
    }
  }
}

void Feeder::try_out(const Compute& compute) {
  for (std::size_t i = 0; i < sets_used_; ++i) start(sets_.at(i), compute, {}, 0, 0);
  for (std::size_t i = 0; i < sets_used_; ++i) finish(sets_.at(i), {});
}

void Feeder::run(const Compute& compute, std::span<const float> input, int count, std::span<float> out) {
  std::size_t turn = 0;
  for (int first = 0; first < count; first += chunk_, turn = (turn + 1) % sets_used_) {
    finish(sets_.at(turn), out);
    start(sets_.at(turn), compute, input, first, std::min(chunk_, count - first));
  }
  // The buffers whose turn it is now have the older work.
  for (std::size_t i = 0; i < sets_used_; ++i) finish(sets_.at((turn + i) % sets_used_), out);
}

void Feeder::start(Buffers& buffers, const Compute& compute, std::span<const float> input, int first, int count) const {
  float* staged = buffers.staged.data_ptr<float>();
  std::copy_n(input.data() + first * input_floats, count * input_floats, staged);
  std::fill(staged + count * input_floats, staged + chunk_ * input_floats, 0.0F);
  std::optional<c10::StreamGuard> on_stream;
  if (buffers.stream) {
    on_stream.emplace(*buffers.stream);
    buffers.pictures.copy_(buffers.staged, true);
  }
  const at::Tensor rows = compute(buffers.pictures.permute({0, 3, 1, 2}));
  TORCH_CHECK(rows.dim() >= 2 && rows.size(0) == chunk_ && rows.numel() == chunk_ * inception_width,
              "the network gives a tensor of shape ", rows.sizes(), " for ", chunk_, " pictures, not ", inception_width,
              " features each");
  buffers.rows.copy_(rows.reshape({chunk_, inception_width}), true);
  buffers.first = first;
  buffers.count = count;
}

void Feeder::finish(Buffers& buffers, std::span<float> out) {
  const int count = std::exchange(buffers.count, 0);
  if (buffers.stream) buffers.stream->synchronize();
  std::copy_n(buffers.rows.data_ptr<float>(), count * inception_width, out.data() + buffers.first * inception_width);
}

void Feeders::try_out(const Compute& compute) {
  std::unique_ptr<Feeder> feeder = take();
  feeder->try_out(compute);
  give_back(std::move(feeder));
}

void Feeders::run(const Compute& compute, std::span<const float> input, int count, std::span<float> out) {
  std::unique_ptr<Feeder> feeder = take();
  feeder->run(compute, input, count, out);  // a feeder that has failed is not used again
  give_back(std::move(feeder));
}

void Feeders::give_back(std::unique_ptr<Feeder> feeder) {
  const std::lock_guard lock(mutex_);
  free_.push_back(std::move(feeder));
}

std::unique_ptr<Feeder> Feeders::take() {
  {
    const std::lock_guard lock(mutex_);
    if (!free_.empty()) {
      std::unique_ptr<Feeder> feeder = std::move(free_.back());
      free_.pop_back();
      return feeder;
    }
  }
  return std::make_unique<Feeder>(device_, batch_);
}

}  // namespace pool3::network
