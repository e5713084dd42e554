#include "network/torch/lanes.hpp"

#include <ATen/ATen.h>
#include <c10/core/StreamGuard.h>
#include <c10/core/impl/VirtualGuardImpl.h>

#include <algorithm>
#include <utility>

#include "network/torch/inception.hpp"
#include "pool3/types.hpp"

namespace pool3 {

Lane::Lane(c10::Device device, int batch)
    : device_(device),
      chunk_(device.is_cpu() || batch == 1 ? batch : (batch + 1) / 2),
      slots_used_(chunk_ == batch ? 1 : 2) {
  const auto here = at::TensorOptions(at::kFloat).pinned_memory(!device.is_cpu());
  for (std::size_t i = 0; i < slots_used_; ++i) {
    Slot& slot = slots_.at(i);
    slot.staged = at::zeros({chunk_, input_side, input_side, 3}, here);
    slot.rows = at::empty({chunk_, inception_width}, here);
    slot.pictures =
        device.is_cpu() ? slot.staged : at::empty(slot.staged.sizes(), at::TensorOptions(at::kFloat).device(device));
    if (!device.is_cpu()) slot.stream = c10::impl::VirtualGuardImpl(device.type()).getStreamFromGlobalPool(device);
  }
}

void Lane::run(const Compute& compute, std::span<const float> input, int count, std::span<float> out) {
  std::size_t turn = 0;
  for (int first = 0; first < count; first += chunk_, turn = (turn + 1) % slots_used_) {
    finish(slots_.at(turn), out);
    start(slots_.at(turn), compute, input, first, std::min(chunk_, count - first));
  }
  // The slot whose turn it is now has the older work.
  for (std::size_t i = 0; i < slots_used_; ++i) finish(slots_.at((turn + i) % slots_used_), out);
}

void Lane::start(Slot& slot, const Compute& compute, std::span<const float> input, int first, int count) const {
  float* staged = slot.staged.data_ptr<float>();
  std::copy_n(input.data() + first * input_floats, count * input_floats, staged);
  std::fill(staged + count * input_floats, staged + chunk_ * input_floats, 0.0F);
  std::optional<c10::StreamGuard> on_stream;
  if (slot.stream) {
    on_stream.emplace(*slot.stream);
    slot.pictures.copy_(slot.staged, true);
  }
  const at::Tensor rows = compute(slot.pictures.permute({0, 3, 1, 2}));
  TORCH_CHECK(rows.dim() >= 2 && rows.size(0) == chunk_ && rows.numel() == chunk_ * inception_width,
              "the network gives a tensor of shape ", rows.sizes(), " for ", chunk_, " pictures, not ", inception_width,
              " features each");
  slot.rows.copy_(rows.reshape({chunk_, inception_width}), true);
  slot.first = first;
  slot.count = count;
}

void Lane::finish(Slot& slot, std::span<float> out) {
  const int count = std::exchange(slot.count, 0);
  if (count == 0) return;
  if (slot.stream) slot.stream->synchronize();
  std::copy_n(slot.rows.data_ptr<float>(), count * inception_width, out.data() + slot.first * inception_width);
}

void Lanes::run(const Compute& compute, std::span<const float> input, int count, std::span<float> out) {
  std::unique_ptr<Lane> lane = take();
  lane->run(compute, input, count, out);  // a lane that has failed is not used again
  const std::lock_guard lock(mutex_);
  free_.push_back(std::move(lane));
}

std::unique_ptr<Lane> Lanes::take() {
  {
    const std::lock_guard lock(mutex_);
    if (!free_.empty()) {
      std::unique_ptr<Lane> lane = std::move(free_.back());
      free_.pop_back();
      return lane;
    }
  }
  return std::make_unique<Lane>(device_, batch_);
}

}  // namespace pool3
