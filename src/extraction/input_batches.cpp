#include "extraction/input_batches.hpp"

#include <utility>

namespace pool3 {

std::span<float> InputBatches::Lane::input() const {
  constexpr auto floats = static_cast<std::size_t>(input_floats);
  return std::span(batch->input).subspan(index * floats, floats);
}

InputBatches::Lane InputBatches::reserve(BlockRow row) {
  if (!filling_ && !spare_.empty()) {
    filling_ = std::move(spare_.back());
    spare_.pop_back();
  } else if (!filling_) {
    filling_ = std::make_shared<InputBatch>();
    filling_->input.resize(lanes_ * static_cast<std::size_t>(input_floats));
    filling_->features.resize(lanes_ * static_cast<std::size_t>(feature_dim));
  }
  Lane lane{filling_, filling_->rows.size()};
  filling_->rows.push_back(std::move(row));
  if (filling_->rows.size() == lanes_) filling_.reset();
  return lane;
}

bool InputBatches::filled(const Lane& lane, bool wanted) {
  if (!wanted) lane.batch->rows[lane.index].block.reset();
  if (++lane.batch->filled < lanes_) return false;
  full_.push_back(lane.batch);
  return true;
}

std::shared_ptr<InputBatch> InputBatches::take() {
  if (full_.empty()) return std::exchange(filling_, nullptr);
  auto batch = std::move(full_.front());
  full_.pop_front();
  return batch;
}

void InputBatches::give_back(std::shared_ptr<InputBatch> batch) {
  batch->rows.clear();
  batch->filled = 0;
  spare_.push_back(std::move(batch));
}

}  // namespace pool3
