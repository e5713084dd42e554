#include "extraction/workers.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <new>
#include <utility>

#include "pool3/corpus.hpp"

namespace pool3 {
namespace {

constexpr std::size_t enough_bytes_ahead = 256 << 20;

bool all_below(float largest, std::span<const float> values) {
  return std::ranges::all_of(values, [&](float v) { return std::abs(v) <= largest; });
}

}  // namespace

class Workers::Lap {
 public:
  double seconds() {
    const auto now = std::chrono::steady_clock::now();
    return std::chrono::duration<double>(now - std::exchange(last_, now)).count();
  }

 private:
  std::chrono::steady_clock::time_point last_ = std::chrono::steady_clock::now();
};

WorkThreads threads_on(int cores, Device device) {
  const int waiting_for_gpu = device == Device::cuda ? 2 : 0;  // one copies while the other computes
  return {.computing = cores + waiting_for_gpu,
          .in_network = waiting_for_gpu > 0 ? waiting_for_gpu : cores,
          .reading = 1 + cores / 2};
}

Workers::Workers(const Network& network, WorkSettings settings, WorkThreads threads)
    : network_(&network), settings_(std::move(settings)), threads_(threads), batches_(settings_.batch) {
  for (int t = 0; t < threads_.reading; ++t) start(&Workers::read_loop);
  for (int t = 0; t < threads_.computing; ++t) start(&Workers::compute_loop);
  if (settings_.write) start(&Workers::write_loop);
}

void Workers::start(void (Workers::*loop)(Lock& lock)) {
  running_.emplace_back([this, loop] {
    Lock lock(mutex_);
    try {
      (this->*loop)(lock);
    } catch (...) {
      if (!lock.owns_lock()) lock.lock();
      if (!failure_) failure_ = std::current_exception();
      to_take_.notify_one();
    }
  });
}

Workers::~Workers() {
  {
    const std::lock_guard lock(mutex_);
    stop_ = true;
  }
  for (auto* waiting : {&to_read_, &to_compute_, &to_write_}) waiting->notify_all();
  for (auto& thread : running_) thread.join();
}

void Workers::submit(BlockTask task) {
  ++in_flight_;
  const std::lock_guard lock(mutex_);
  auto block = std::make_shared<OpenBlock>(std::move(task));
  on_the_way_ += static_cast<std::int64_t>(block->unread);
  unsettled_ += static_cast<std::int64_t>(block->unread);
  open_.push_back(block);
  unread_.push_back(std::move(block));
  to_read_.notify_all();
}

std::optional<BlockResult> Workers::take(double wait_seconds) {
  Lock lock(mutex_);
  to_take_.wait_for(lock, std::chrono::duration<double>(wait_seconds), [&] { return !finished_.empty() || failure_; });
  if (failure_) std::rethrow_exception(failure_);
  if (finished_.empty()) return std::nullopt;
  BlockResult result = std::move(finished_.front());
  finished_.pop_front();
  --in_flight_;
  return result;
}

void Workers::drop_waiting() {
  const std::lock_guard lock(mutex_);
  for (const auto& block : open_) {
    if (block->begun) continue;
    block->dropped = true;
    unsettled_ -= static_cast<std::int64_t>(block->unsettled);
    --in_flight_;
  }
  const auto dropped = [](const auto& block) { return block->dropped; };
  std::erase_if(unread_, [&](const auto& block) {
    if (block->dropped) on_the_way_ -= static_cast<std::int64_t>(block->unread);
    return block->dropped;
  });
  on_the_way_ -= static_cast<std::int64_t>(
      std::erase_if(pictures_, [&](const Picture& picture) { return dropped(picture.row.block); }));
  bytes_ahead_ = 0;
  for (const Picture& picture : pictures_) bytes_ahead_ += picture.bytes.size();
  std::erase_if(open_, dropped);
  leave_the_way(0);
}

bool Workers::wants_more() const {
  const int enough = threads_.computing + 2;
  const int most = 16 * enough;  // where few pictures of a block are new
  const std::lock_guard lock(mutex_);
  return in_flight_ < most && unsettled_ < std::int64_t{enough} * settings_.batch;
}

StageSeconds Workers::seconds() const {
  const std::lock_guard lock(mutex_);
  return seconds_;
}

bool Workers::can_read() const {
  const auto ahead = static_cast<std::size_t>(2 * threads_.computing + threads_.reading);
  return !unread_.empty() && pictures_.size() + being_read_ < ahead && bytes_ahead_ < enough_bytes_ahead;
}

void Workers::read_loop(Lock& lock) {
  OldRows::Cursor cursor;
  for (;;) {
    to_read_.wait(lock, [&] { return stop_ || can_read(); });
    if (stop_) return;
    OpenBlock& front = *unread_.front();
    const BlockRow row{unread_.front(), front.task.paths.size() - front.unread};
    if (--front.unread == 0) unread_.pop_front();
    ++being_read_;
    lock.unlock();
    Lap lap;
    std::optional<Picture> picture = read(row, cursor);  // takes the lock for a moment where there is nothing to decode
    lock.lock();
    seconds_.read += lap.seconds();
    --being_read_;
    if (!picture || row.block->dropped) {
      leave_the_way(1);
      continue;
    }
    bytes_ahead_ += picture->bytes.size();
    pictures_.push_back(std::move(*picture));
    to_compute_.notify_one();
  }
}

std::optional<Workers::Picture> Workers::read(const BlockRow& row, OldRows::Cursor& cursor) {
  try {
    bool copied = settings_.old != nullptr && settings_.old->take(row.number(), row.features(), row.key(), cursor);
    std::vector<std::byte> bytes;
    if (!copied) {
      bytes = settings_.read(row.path());
      row.key() = content_key(bytes);
      copied = settings_.old != nullptr && settings_.old->take(row.key(), row.features(), cursor);
    }
    const bool known = copied || (settings_.seen && settings_.seen->find(row.key(), row.features()));
    if (!known) return Picture{row, std::move(bytes)};
    const std::lock_guard lock(mutex_);
    if (copied) ++row.block->result.copied;
    settle(row);
  } catch (const ReadError& error) {
    fail(row, error.status(), error.what());
  } catch (const std::bad_alloc&) {
    fail(row, RowStatus::too_large, "not enough memory for this file");
  }
  return std::nullopt;
}

bool Workers::can_run() const {
  if (in_network_ == threads_.in_network) return false;
  return batches_.has_full() || (on_the_way_ == 0 && batches_.has_part());
}

void Workers::compute_loop(Lock& lock) {
  for (;;) {
    to_compute_.wait(lock, [&] { return stop_ || can_run() || !pictures_.empty(); });
    if (stop_) return;
    Lap lap;
    if (can_run()) {
      run_network(lock, lap);
    } else {
      decode_one(lock, lap);
    }
  }
}

void Workers::decode_one(Lock& lock, Lap& lap) {
  Picture picture = std::move(pictures_.front());
  pictures_.pop_front();
  bytes_ahead_ -= picture.bytes.size();
  picture.row.block->begun = true;
  to_read_.notify_one();
  lock.unlock();
  std::optional<InputBatches::Lane> lane;
  double decode_seconds = 0;
  bool wanted = false;
  try {
    Image image = decode(picture.bytes, settings_.decode);
    decode_seconds = lap.seconds();
    lock.lock();
    lane = batches_.reserve(picture.row);
    lock.unlock();
    to_input(image, settings_.profile, lane->input());
    recycle(std::move(image));
    wanted = true;
  } catch (const ImageError& error) {
    fail(picture.row, error.status(), error.what());
  } catch (const std::bad_alloc&) {
    if (lock.owns_lock()) lock.unlock();
    fail(picture.row, RowStatus::too_large, "not enough memory for this picture");
  }
  lock.lock();
  seconds_.decode += lane ? decode_seconds : lap.seconds();
  if (lane) seconds_.resize += lap.seconds();
  if (lane && batches_.filled(*lane, wanted)) to_compute_.notify_one();
  leave_the_way(1);
}

void Workers::run_network(Lock& lock, Lap& lap) {
  const std::shared_ptr<InputBatch> batch = batches_.take();
  ++in_network_;
  lock.unlock();
  network_->features(batch->input, static_cast<int>(batch->rows.size()), batch->features);
  for (std::size_t i = 0; i < batch->rows.size(); ++i) {
    const BlockRow& row = batch->rows[i];
    if (!row.block) continue;
    const auto features =
        std::span<const float>(batch->features)
            .subspan(i * static_cast<std::size_t>(feature_dim), static_cast<std::size_t>(feature_dim));
    if (!all_below(settings_.largest, features)) {
      fail(row, RowStatus::network_failed, "the network gave a value that is not finite, or too large to be stored");
      continue;
    }
    std::ranges::copy(features, row.features().begin());
    if (settings_.seen) settings_.seen->remember(row.key(), features);
    const std::lock_guard settling(mutex_);
    settle(row);
  }
  lock.lock();
  --in_network_;
  batches_.give_back(batch);
  seconds_.network += lap.seconds();
  to_compute_.notify_one();
}

void Workers::fail(const BlockRow& row, RowStatus status, const std::string& message) {
  const std::lock_guard lock(mutex_);
  row.block->fail(row.row, status, message);
  settle(row);
}

/// REQUIRES: locked.
void Workers::settle(const BlockRow& row) {
  if (row.block->dropped) return;
  --unsettled_;
  if (--row.block->unsettled > 0) return;
  BlockResult& result = row.block->result;
  std::ranges::sort(result.failures, {}, &Failure::row);
  auto& next = settings_.write ? unwritten_ : finished_;
  next.push_back(std::move(result));
  std::erase(open_, row.block);
  (settings_.write ? to_write_ : to_take_).notify_one();
}

/// So many pictures are settled, in a batch, or not wanted any more. REQUIRES: locked.
void Workers::leave_the_way(std::int64_t pictures) {
  on_the_way_ -= pictures;
  if (on_the_way_ == 0) to_compute_.notify_one();
  if (can_read()) to_read_.notify_one();
}

void Workers::write_loop(Lock& lock) {
  for (;;) {
    to_write_.wait(lock, [&] { return stop_ || !unwritten_.empty(); });
    if (stop_) return;
    BlockResult result = std::move(unwritten_.front());
    unwritten_.pop_front();
    lock.unlock();
    Lap lap;
    settings_.write(result);
    lock.lock();
    seconds_.write += lap.seconds();
    finished_.push_back(std::move(result));
    to_take_.notify_one();
  }
}

}  // namespace pool3
