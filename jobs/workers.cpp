#include "workers.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <new>

namespace pool3::jobs {
namespace {

/// Adds the time since the last call (or construction) to a stage.
class Lap {
 public:
  void to(double& stage) {
    const auto now = std::chrono::steady_clock::now();
    stage += std::chrono::duration<double>(now - last_).count();
    last_ = now;
  }

 private:
  std::chrono::steady_clock::time_point last_ = std::chrono::steady_clock::now();
};

constexpr const char* fast_suffix = ", fast-decode";

bool all_below(float largest, const float* values) {
  for (std::int64_t j = 0; j < feature_dim; ++j)
    if (!(std::abs(values[j]) <= largest)) return false;
  return true;
}

/// The rows of a block that come from an older file.
class CopiedRows {
 public:
  CopiedRows(const OldRows* old, std::size_t rows) : old_(old), copied_(rows, false) {
    if (old != nullptr) features_.resize(rows * static_cast<std::size_t>(feature_dim));
  }
  /// What OldRows::take() does, for row `i` of the block.
  bool take(std::size_t i, Row row, ImageKey& key) {
    if (old_ != nullptr && old_->take(row, at(i), key, cursor_)) copied_[i] = true;
    return copied_[i];
  }
  bool take(std::size_t i, const ImageKey& key) {
    if (old_ != nullptr && old_->take(key, at(i), cursor_)) copied_[i] = true;
    return copied_[i];
  }
  [[nodiscard]] std::int64_t count() const { return std::count(copied_.begin(), copied_.end(), true); }
  /// Puts them into the block's features.
  void put(std::vector<float>& features) {
    for (std::size_t i = 0; i < copied_.size(); ++i)
      if (copied_[i])
        std::copy_n(at(i).begin(), feature_dim, features.begin() + static_cast<std::ptrdiff_t>(i) * feature_dim);
  }

 private:
  std::span<float> at(std::size_t i) {
    return std::span(features_).subspan(i * static_cast<std::size_t>(feature_dim),
                                        static_cast<std::size_t>(feature_dim));
  }
  const OldRows* old_;
  std::vector<bool> copied_;
  std::vector<float> features_;
  OldRows::Cursor cursor_;
};

}  // namespace

void StageSeconds::add(const StageSeconds& other) {
  read += other.read;
  decode += other.decode;
  resize += other.resize;
  network += other.network;
}

std::string to_string(const InputName& name) { return name.profile + (name.fast_decode ? fast_suffix : ""); }

InputName parse_input_name(const std::string& text) {
  const std::string_view suffix = fast_suffix;
  if (!text.ends_with(suffix)) return {text};
  return {text.substr(0, text.size() - suffix.size()), true};
}

BlockResult embed_block(const BlockTask& task, const WorkSettings& settings, const Network& network) {
  const std::size_t rows = task.paths.size();
  BlockResult result{.index = task.index};
  result.features.resize(rows * static_cast<std::size_t>(feature_dim));
  result.keys.resize(rows);
  result.status.resize(rows, RowStatus::done);
  std::vector<float> input(rows * static_cast<std::size_t>(input_floats), 0.0F);
  const auto fail = [&](std::size_t i, RowStatus status, const std::string& message) {
    result.status[i] = status;
    result.failures.push_back({task.first_row + static_cast<Row>(i), status, task.paths[i], one_line(message)});
  };
  CopiedRows copied(settings.old, rows);        // from an older file
  std::vector<std::vector<float>> known(rows);  // features of copies
  std::size_t fresh = 0;
  Lap lap;
  for (std::size_t i = 0; i < rows; ++i) {
    try {
      if (copied.take(i, task.first_row + static_cast<Row>(i), result.keys[i])) continue;
      const auto bytes = settings.entries.read(task.paths[i]);
      result.keys[i] = content_key(bytes);
      lap.to(result.seconds.read);
      if (copied.take(i, result.keys[i])) continue;
      if (settings.seen) known[i] = settings.seen->find(result.keys[i]);
      if (!known[i].empty()) continue;
      ++fresh;
      const Image image = decode(bytes, settings.decode);
      lap.to(result.seconds.decode);
      to_input(
          image, settings.profile,
          std::span(input).subspan(i * static_cast<std::size_t>(input_floats), static_cast<std::size_t>(input_floats)));
      lap.to(result.seconds.resize);
    } catch (const ReadError& error) {
      fail(i, RowStatus::unreadable, error.what());
    } catch (const ImageError& error) {
      fail(i, error.status(), error.what());
    } catch (const std::bad_alloc&) {
      fail(i, RowStatus::too_large, "not enough memory for this picture");
    }
  }
  // Failed rows stay in the batch as black pictures, so that its shape depends on the catalogue alone.
  // Copies too: a picture's features do not depend on the others.
  if (fresh > 0) network.features(input, static_cast<int>(rows), result.features);
  result.copied = copied.count();
  copied.put(result.features);
  lap.to(result.seconds.network);
  for (std::size_t i = 0; i < rows; ++i) {
    if (result.status[i] != RowStatus::done) continue;
    const auto row = std::span(result.features).subspan(i * static_cast<std::size_t>(feature_dim), feature_dim);
    if (!known[i].empty()) {
      std::ranges::copy(known[i], row.begin());
    } else if (!all_below(settings.largest, row.data())) {
      fail(i, RowStatus::network_failed, "the network gave a value that is not finite, or too large to be stored");
    } else if (settings.seen) {
      settings.seen->remember(result.keys[i], row);
    }
  }
  return result;
}

Workers::Workers(const Network& network, WorkSettings settings, int threads)
    : network_(&network), settings_(std::move(settings)) {
  for (int t = 0; t < threads; ++t) threads_.emplace_back([this] { work(); });
}

Workers::~Workers() {
  {
    const std::lock_guard lock(mutex_);
    stop_ = true;
  }
  has_task_.notify_all();
  for (auto& thread : threads_) thread.join();
}

void Workers::submit(BlockTask task) {
  {
    const std::lock_guard lock(mutex_);
    tasks_.push_back(std::move(task));
  }
  ++in_flight_;
  has_task_.notify_one();
}

void Workers::drop_waiting() {
  const std::lock_guard lock(mutex_);
  in_flight_ -= static_cast<int>(tasks_.size());
  tasks_.clear();
}

std::optional<BlockResult> Workers::take(double wait_seconds) {
  std::unique_lock lock(mutex_);
  has_result_.wait_for(lock, std::chrono::duration<double>(wait_seconds),
                       [&] { return !results_.empty() || failure_; });
  if (failure_) std::rethrow_exception(failure_);
  if (results_.empty()) return std::nullopt;
  BlockResult result = std::move(results_.front());
  results_.pop_front();
  --in_flight_;
  return result;
}

void Workers::work() {
  for (;;) {
    std::unique_lock lock(mutex_);
    has_task_.wait(lock, [&] { return stop_ || !tasks_.empty(); });
    if (stop_) return;
    const BlockTask task = std::move(tasks_.front());
    tasks_.pop_front();
    lock.unlock();
    try {
      BlockResult result = embed_block(task, settings_, *network_);
      lock.lock();
      results_.push_back(std::move(result));
    } catch (...) {
      if (!lock.owns_lock()) lock.lock();
      if (!failure_) failure_ = std::current_exception();
    }
    lock.unlock();
    has_result_.notify_one();
  }
}

}  // namespace pool3::jobs
