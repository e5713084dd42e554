#pragma once
// Pictures in memory, a network that is a formula, and gates that hold threads up.

#include <algorithm>
#include <atomic>
#include <cmath>
#include <condition_variable>
#include <map>
#include <mutex>
#include <string>

#include "extraction/workers.hpp"
#include "pool3/corpus.hpp"

namespace pool3::extraction::test {

/// Threads wait here until it is opened.
class Gate {
 public:
  void open() {
    const std::lock_guard lock(mutex_);
    open_ = true;
    opened_.notify_all();
  }
  void pass() {
    std::unique_lock lock(mutex_);
    opened_.wait(lock, [&] { return open_; });
  }

 private:
  std::mutex mutex_;
  std::condition_variable opened_;
  bool open_ = false;
};

/// Column j of a picture is the mean of every 64th float of its input from j on. NaN for a picture that is all white.
class FormulaNetwork : public Network {
 public:
  static constexpr std::int64_t columns = 64;
  [[nodiscard]] std::int64_t width() const override { return columns; }
  void features(std::span<const float> input, int count, std::span<float> out) const override {
    ++calls;
    pictures += count;
    if (gate != nullptr) gate->pass();
    for (int i = 0; i < count; ++i) {
      const float* x = input.data() + static_cast<std::ptrdiff_t>(i) * input_floats;
      float* y = out.data() + static_cast<std::ptrdiff_t>(i) * columns;
      std::fill_n(y, columns, 0.0F);
      for (std::int64_t k = 0; k < input_floats; ++k) y[k % columns] += x[k] * columns / input_floats;
      if (std::all_of(x, x + input_floats, [](float v) { return v == 1; })) y[7] = NAN;
    }
  }
  [[nodiscard]] std::vector<StageOutput> stages(std::span<const float>) const override { return {}; }

  Gate* gate = nullptr;
  mutable std::atomic<int> calls = 0, pictures = 0;
};

/// Small pictures by name; each is another one.
class Pictures {
 public:
  std::vector<std::byte> read(std::string_view path) const {
    ++reads;
    if (path == slow) gate->pass();
    const std::string name(path);
    if (name.starts_with("missing")) throw ReadError("no such file", RowStatus::missing);
    if (name.starts_with("unreadable")) throw ReadError("input/output error");
    std::vector<std::byte> bytes = bytes_of(name);
    if (name.starts_with("broken")) bytes.resize(bytes.size() / 2);
    if (name.starts_with("heavy")) bytes.resize(150'000'000);
    return bytes;
  }
  static std::vector<std::byte> bytes_of(const std::string& name) {
    Image picture{9, 7, std::vector<std::uint8_t>(9 * 7 * 3, 255)};
    std::size_t seed = std::hash<std::string>()(name);
    for (auto& value : picture.pixels) {
      if (name.starts_with("white")) break;
      seed = seed * 6364136223846793005U + 1442695040888963407U;
      value = static_cast<std::uint8_t>(seed >> 40U);
    }
    const std::string png = encode_png(picture);
    const auto* begin = reinterpret_cast<const std::byte*>(png.data());
    return {begin, begin + png.size()};
  }
  /// What the features of a picture must be.
  static std::vector<float> features_of(const std::string& name) {
    std::vector<float> input(static_cast<std::size_t>(input_floats)),
        out(static_cast<std::size_t>(FormulaNetwork::columns));
    to_input(decode(bytes_of(name)), InputProfile::nsfwjs, input);
    FormulaNetwork().features(input, 1, out);
    return out;
  }

  Gate* gate = nullptr;
  std::string slow;  ///< the reading of this one waits at the gate
  mutable std::atomic<int> reads = 0;
};

inline WorkSettings settings_of(const Pictures& pictures, int batch = 16) {
  return {.recipe = {}, .batch = batch, .job = {.read = [&pictures](std::string_view path) {
                                          return pictures.read(path);
                                        }}};
}

/// "NAME-FIRST" to "NAME-LAST".
inline BlockTask block_of(std::int64_t index, const std::string& name, int first, int count) {
  BlockTask task{.index = index, .first_row = first};
  for (int i = 0; i < count; ++i) task.paths.push_back(name + "-" + std::to_string(first + i));
  return task;
}

/// All blocks in flight, by index.
inline std::map<std::int64_t, BlockResult> finish(Workers& workers) {
  std::map<std::int64_t, BlockResult> results;
  while (workers.in_flight() > 0) {
    if (auto block = workers.take(10)) results.emplace(block->index, std::move(*block));
  }
  return results;
}

inline std::vector<float> row_of(const BlockResult& block, std::size_t row) {
  const auto begin = block.features.begin() + static_cast<std::ptrdiff_t>(row) * FormulaNetwork::columns;
  return {begin, begin + FormulaNetwork::columns};
}

}  // namespace pool3::extraction::test
