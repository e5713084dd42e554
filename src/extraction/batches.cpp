#include "extraction/batches.hpp"

#include <algorithm>
#include <utility>

namespace pool3::extraction {

std::span<float> Batches::Slot::input() const {
  constexpr auto floats = static_cast<std::size_t>(input_floats);
  return batch->input.subspan(index * floats, floats);
}

Batches::Slot Batches::reserve(BlockRow row, std::size_t share) {
  if (!filling_ && !spare_.empty()) {
    filling_ = std::move(spare_.back());
    spare_.pop_back();
  } else if (!filling_) {
    filling_ = std::make_shared<Batch>();
    const std::size_t floats = slots_ * static_cast<std::size_t>(input_floats);
    filling_->pixels = std::make_unique_for_overwrite<float[]>(floats);  // NOLINT(modernize-avoid-c-arrays)
    filling_->input = {filling_->pixels.get(), floats};
    filling_->features.resize(slots_ * width_);
  }
  Slot slot{filling_, filling_->rows.size()};
  filling_->rows.push_back(std::move(row));
  filling_->closed = filling_->rows.size() >= std::min(share, slots_);
  if (filling_->closed) filling_.reset();
  return slot;
}

void Batches::filled(const Slot& slot, bool wanted) {
  if (!wanted) {
    slot.batch->rows[slot.index].block.reset();
    std::ranges::fill(slot.input(), 0.0F);  // the network computes it with the others
  }
  const std::size_t now = ++slot.batch->filled;
  if (slot.batch->closed && now == slot.batch->rows.size()) full_.push_back(slot.batch);
}

std::shared_ptr<Batch> Batches::take() {
  if (full_.empty()) return std::exchange(filling_, nullptr);
  auto batch = std::move(full_.front());
  full_.pop_front();
  return batch;
}

void Batches::give_back(std::shared_ptr<Batch> batch) {
  batch->rows.clear();
  batch->filled = 0;
  batch->closed = false;
  spare_.push_back(std::move(batch));
}

}  // namespace pool3::extraction
