#include "extraction/workers.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <limits>
#include <new>
#include <utility>

#include "pool3/corpus.hpp"

namespace pool3::extraction {
namespace {

constexpr std::size_t enough_bytes_ahead = 256 << 20;

Ledger::Limits limits_for(const WorkThreads& threads) {
  return {static_cast<std::size_t>(2 * threads.computing + threads.reading), enough_bytes_ahead};
}

float largest_of(FeatureType type) {
  return type == FeatureType::float16 ? 65504.0F : std::numeric_limits<float>::max();
}

/// False for values that are not finite, too.
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

Workers::Workers(const Network& network, WorkSettings settings, WorkThreads threads)
    : network_(&network),
      settings_(std::move(settings)),
      decoding_(settings_.recipe.decoding()),
      threads_(threads),
      ledger_(limits_for(threads), network.width()),
      batches_(settings_.batch, network.width()) {
  if (settings_.job.remember_copies) seen_.emplace();
  try {
    for (int t = 0; t < threads_.reading; ++t) start(&Workers::read_loop);
    for (int t = 0; t < threads_.computing; ++t) start(&Workers::compute_loop);
    if (settings_.job.write) start(&Workers::write_loop);
  } catch (...) {  // the system gives no more threads
    end();
    throw;
  }
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

Workers::~Workers() { end(); }

void Workers::end() {
  {
    const std::lock_guard lock(mutex_);
    stop_ = true;
  }
  for (auto* waiting : {&to_read_, &to_compute_, &to_write_}) waiting->notify_all();
  for (auto& thread : running_) thread.join();
}

void Workers::submit(BlockTask task) {
  const std::lock_guard lock(mutex_);
  ledger_.submit(std::move(task));
  to_read_.notify_all();
}

std::optional<BlockResult> Workers::take(double wait_seconds) {
  Lock lock(mutex_);
  to_take_.wait_for(lock, std::chrono::duration<double>(wait_seconds), [&] { return !finished_.empty() || failure_; });
  if (failure_) std::rethrow_exception(failure_);
  if (finished_.empty()) return std::nullopt;
  BlockResult result = std::move(finished_.front());
  finished_.pop_front();
  ledger_.hand_over();
  return result;
}

void Workers::drop_waiting() {
  const std::lock_guard lock(mutex_);
  ledger_.drop_unbegun();
  wake();
}

int Workers::in_flight() const {
  const std::lock_guard lock(mutex_);
  return ledger_.in_flight();
}

StageSeconds Workers::seconds() const {
  const std::lock_guard lock(mutex_);
  return seconds_;
}

bool Workers::wants_more() const {
  const int enough = threads_.computing + 2;
  const int most = 16 * enough;  // where few pictures of a block are new
  const std::lock_guard lock(mutex_);
  return ledger_.in_flight() < most && ledger_.unsettled() < std::int64_t{enough} * settings_.batch;
}

bool Workers::can_run() const {
  if (in_network_ == threads_.in_network) return false;
  return batches_.has_full() || (ledger_.before_batches() == 0 && batches_.has_part());
}

/// Pictures of a batch: where few are on their way, as at the end or in a server, each thread gets its part of them.
std::size_t Workers::share() const {
  const std::int64_t threads = threads_.in_network;
  return static_cast<std::size_t>(std::max<std::int64_t>((ledger_.unsettled() + threads - 1) / threads, 1));
}

/// Says that there may be something to do. Whoever takes it calls this again, for the next.
void Workers::wake() {
  if (ledger_.can_read()) to_read_.notify_one();
  if (can_run() || ledger_.can_decode()) to_compute_.notify_one();
}

void Workers::refuse(const BlockRow& row, const Refusal& refusal) {
  finish(ledger_.fail(row, refusal.status, refusal.message));
}

void Workers::finish(std::optional<BlockResult> block) {
  if (!block) return;
  (settings_.job.write ? unwritten_ : finished_).push_back(std::move(*block));
  (settings_.job.write ? to_write_ : to_take_).notify_one();
}

void Workers::read_loop(Lock& lock) {
  KnownRows::Cursor cursor;
  for (;;) {
    to_read_.wait(lock, [&] { return stop_ || ledger_.can_read(); });
    if (stop_) return;
    const BlockRow row = ledger_.begin_reading();
    lock.unlock();
    Lap lap;
    Reading found = read(row, cursor);
    lock.lock();
    seconds_.read += lap.seconds();
    if (found.refusal) {
      refuse(row, *found.refusal);
    } else if (found.copied || found.seen) {
      finish(ledger_.settle(row, found.copied));
    } else {
      ledger_.end_reading(row, std::move(found.bytes));
    }
    wake();
  }
}

Workers::Reading Workers::read(const BlockRow& row, KnownRows::Cursor& cursor) {
  const KnownRows* known = settings_.job.known.get();
  Reading found;
  try {
    found.copied = known != nullptr && known->take(row.number(), row.features(), row.key(), cursor);
    if (found.copied) return found;
    found.bytes = settings_.job.read(row.path());
    row.key() = content_key(found.bytes);
    found.copied = known != nullptr && known->take(row.key(), row.features(), cursor);
    found.seen = !found.copied && seen_ && seen_->find(row.key(), row.features());
  } catch (const ReadError& error) {
    found.refusal = {error.status(), error.what()};
  } catch (const ImageError& error) {
    found.refusal = {error.status(), error.what()};
  } catch (const std::bad_alloc&) {
    found.refusal = {RowStatus::too_large, "not enough memory for this file"};
  }
  return found;
}

void Workers::compute_loop(Lock& lock) {
  for (;;) {
    to_compute_.wait(lock, [&] { return stop_ || can_run() || ledger_.can_decode(); });
    if (stop_) return;
    Lap lap;
    if (can_run()) {
      run_network(lock, lap);
    } else {
      decode_one(lock, lap);
    }
    wake();
  }
}

void Workers::decode_one(Lock& lock, Lap& lap) {
  const Picture picture = ledger_.begin_decoding();
  wake();
  lock.unlock();
  std::optional<Batches::Slot> slot;
  std::optional<Refusal> refusal;
  double decode_seconds = 0;
  try {
    Image image = decode(picture.bytes, decoding_);
    decode_seconds = lap.seconds();
    lock.lock();
    slot = batches_.reserve(picture.row, share());
    lock.unlock();
    to_input(image, settings_.recipe.profile, slot->input());
    recycle(std::move(image));
  } catch (const ImageError& error) {
    refusal = {error.status(), error.what()};
  } catch (const std::bad_alloc&) {
    refusal = {RowStatus::too_large, "not enough memory for this picture"};
  }
  if (!lock.owns_lock()) lock.lock();
  seconds_.decode += slot ? decode_seconds : lap.seconds();
  if (slot) seconds_.resize += lap.seconds();
  if (slot) batches_.filled(*slot, !refusal);
  if (refusal) return refuse(picture.row, *refusal);
  ledger_.end_decoding(picture.row);
}

void Workers::run_network(Lock& lock, Lap& lap) {
  const std::shared_ptr<Batch> batch = batches_.take();
  ++in_network_;
  lock.unlock();
  network_->features(batch->input, static_cast<int>(batch->rows.size()), batch->features);
  const std::vector<bool> kept = keep_features(*batch);
  lock.lock();
  --in_network_;
  seconds_.network += lap.seconds();
  for (std::size_t i = 0; i < kept.size(); ++i) {
    const BlockRow& row = batch->rows[i];
    if (!row.block) continue;
    if (kept[i]) {
      finish(ledger_.settle(row));
    } else {
      refuse(row,
             {RowStatus::network_failed, "the network gave a value that is not finite, or too large to be stored"});
    }
  }
  batches_.give_back(batch);
}

/// Puts the features of a batch into their blocks. For each slot, whether they were good.
std::vector<bool> Workers::keep_features(const Batch& batch) {
  const float largest = largest_of(settings_.job.type);
  std::vector<bool> kept(batch.rows.size(), false);
  for (std::size_t i = 0; i < kept.size(); ++i) {
    const BlockRow& row = batch.rows[i];
    if (!row.block) continue;
    const std::size_t width = row.block->width;
    const auto features = std::span(batch.features).subspan(i * width, width);
    kept[i] = all_below(largest, features);
    if (!kept[i]) continue;
    std::ranges::copy(features, row.features().begin());
    if (seen_) seen_->remember(row.key(), features);
  }
  return kept;
}

void Workers::write_loop(Lock& lock) {
  for (;;) {
    to_write_.wait(lock, [&] { return stop_ || !unwritten_.empty(); });
    if (stop_) return;
    BlockResult result = std::move(unwritten_.front());
    unwritten_.pop_front();
    lock.unlock();
    Lap lap;
    settings_.job.write(result);
    lock.lock();
    seconds_.write += lap.seconds();
    finished_.push_back(std::move(result));
    to_take_.notify_one();
  }
}

}  // namespace pool3::extraction
