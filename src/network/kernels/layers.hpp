#pragma once
// The layers, written once for all sets of instructions. Every file that includes this is compiled for its own: all
// that is here has internal linkage, or the linker would keep one copy for all.

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>

#include "network/kernels/kernels.hpp"
#include "pool3/image.hpp"

namespace pool3::direct {
namespace {

constexpr int most_taps = 25, most_outputs = 4;
/// Weights that stay in a core's L2 cache while the positions pass by.
constexpr std::int64_t weights_at_once = 1 << 20;

inline float widen(Bf16 value) { return std::bit_cast<float>(static_cast<std::uint32_t>(value) << 16U); }
inline float widen(float value) { return value; }

template <typename T>
inline T narrow(float value) {
  if constexpr (sizeof(T) == sizeof(float)) {
    return value;
  } else {
    const auto bits = std::bit_cast<std::uint32_t>(value);
    const std::uint32_t rounded = (bits + 0x7fffU + ((bits >> 16U) & 1U)) >> 16U;
    // A NaN must not become infinite by rounding.
    return static_cast<T>((bits & 0x7fffffffU) > 0x7f800000U ? (bits >> 16U) | 0x40U : rounded);
  }
}

/// One tap of `positions` output positions: where its 16 rows start (null: outside the picture), and its weights
/// within a panel.
template <int positions>
struct Tap {
  std::array<const std::byte*, positions> from;
  std::int64_t weights;
};

/// Walks over the output positions of a task, `positions` at a time, row by row.
template <int positions>
class Walk {
 public:
  Walk(const ConvolutionTask& task, std::int64_t value_bytes)
      : task_(task), width_(task.to[0].width), y_(task.row_begin), tap_bytes_(task.in_channels * value_bytes) {
    const Geometry& g = task.geometry;
    for (int ky = 0; ky < g.kernel_height; ++ky)
      for (int kx = 0; kx < g.kernel_width; ++kx) columns_[ky * g.kernel_width + kx] = kx * task.from.step;
    for (int t = 0; t < g.taps(); ++t) taps_[t].weights = t * tap_bytes_;
    step();
  }

  [[nodiscard]] bool done() const { return count_ == 0; }
  /// The taps of the present positions that are inside the picture for one of them at least.
  [[nodiscard]] std::span<const Tap<positions>> taps() const { return {inside_, inside_end_}; }
  /// Where the rows of an output's channels start; null for a position beyond the last.
  [[nodiscard]] const std::array<std::byte*, positions>& to(int output) const { return to_[output]; }
  /// The part of the input that the next positions read and those before did not.
  [[nodiscard]] std::span<const std::byte> ahead() const {
    const Geometry& g = task_.geometry;
    const View& from = task_.from;
    if (y_ >= task_.row_end) return {};
    const int y = std::min(y_ * g.stride - g.pad_height + g.kernel_height, from.height) - 1;
    const int x = std::clamp(x_ * g.stride - g.pad_width + g.kernel_width - 1, 0, from.width - 1);
    return {from.at(y, x), static_cast<std::size_t>(std::min(positions * g.stride, from.width - x) * from.step)};
  }

  /// Goes to the next positions.
  void step() {
    bool all_inside = true;
    int taken = 0;
    for (; taken < positions && y_ < task_.row_end; ++taken) {
      for (std::size_t o = 0; o < task_.to.size(); ++o) to_[o][taken] = task_.to[o].at(y_, x_);
      all_inside = locate(taken) && all_inside;
      if (++x_ == width_) {
        x_ = 0;
        ++y_;
      }
    }
    count_ = taken;
    for (; taken < positions; ++taken) {
      for (std::size_t o = 0; o < task_.to.size(); ++o) to_[o][taken] = nullptr;
      for (int t = 0; t < task_.geometry.taps(); ++t) taps_[t].from[taken] = nullptr;
      all_inside = false;
    }
    inside_ = taps_.data();
    inside_end_ = inside_ + task_.geometry.taps();
    if (!all_inside) leave_out();
  }

 private:
  /// Fills in where position number `p`, (y_, x_), reads. Returns whether all is inside the picture.
  bool locate(int p) {
    const Geometry& g = task_.geometry;
    const int left = x_ * g.stride - g.pad_width, top = y_ * g.stride - g.pad_height;
    const bool whole_rows = left >= 0 && left + g.kernel_width <= task_.from.width;
    const bool inside = whole_rows && top >= 0 && top + g.kernel_height <= task_.from.height;
    int t = 0;
    for (int ky = 0; ky < g.kernel_height; ++ky) {
      const bool row_inside = top + ky >= 0 && top + ky < task_.from.height;
      const std::byte* row = row_inside ? task_.from.at(top + ky, 0) + left * task_.from.step : nullptr;
      for (int kx = 0; kx < g.kernel_width; ++kx, ++t) {
        const bool column_inside = whole_rows || (left + kx >= 0 && left + kx < task_.from.width);
        taps_[t].from[p] = row_inside && column_inside ? row + columns_[t] : nullptr;
      }
    }
    return inside;
  }

  void leave_out() {
    std::size_t kept = 0;
    for (int t = 0; t < task_.geometry.taps(); ++t) {
      bool inside = false;
      for (const std::byte* from : taps_[t].from) inside = inside || from != nullptr;
      if (inside) some_[kept++] = taps_[t];
    }
    inside_ = some_.data();
    inside_end_ = inside_ + kept;
  }

  const ConvolutionTask& task_;
  int width_, y_, x_ = 0, count_ = 0;
  std::int64_t tap_bytes_;  ///< of weights, times the width of a panel
  std::array<std::int64_t, most_taps> columns_;
  std::array<Tap<positions>, most_taps> taps_, some_;
  const Tap<positions>* inside_ = nullptr;
  const Tap<positions>* inside_end_ = nullptr;
  std::array<std::array<std::byte*, positions>, most_outputs> to_;
};

/// Kernel: `positions`, `Value`, and block(taps, panel, to, stride), which computes one panel of `positions`
/// positions; `to` says where each position's 16 rows go (null: nowhere), `stride` apart.
template <typename Kernel>
void convolve(const ConvolutionTask& task) {
  constexpr int positions = Kernel::positions;
  const std::int64_t panel_depth =
      static_cast<std::int64_t>(task.geometry.taps()) * task.in_channels * sizeof(typename Kernel::Value);
  Kernel kernel(task);
  for (std::size_t first = 0; first < task.panels.size();) {
    std::size_t last = first;
    for (std::int64_t bytes = 0; last < task.panels.size(); ++last) {
      bytes += panel_depth * task.panels[last].width;
      if (bytes > weights_at_once && last > first) break;
    }
    for (Walk<positions> walk(task, sizeof(typename Kernel::Value)); !walk.done(); walk.step()) {
      const auto ahead = walk.ahead();
      const std::size_t share = ahead.size() / (last - first) + 64;  // to be fetched with each panel
      for (std::size_t i = first, at = 0; i < last; ++i) {
        const Panel& panel = task.panels[i];
        std::array<std::byte*, positions> to = walk.to(panel.output);
        for (auto& target : to) target += target == nullptr ? 0 : panel.offset;
        kernel.block(walk.taps(), panel, to, task.to[static_cast<std::size_t>(panel.output)].stride);
        for (const std::size_t end = std::min(at + share, ahead.size()); at < end; at += 64)
          __builtin_prefetch(ahead.data() + at, 0, 2);
      }
    }
    first = last;
  }
  kernel.finish();
}

template <typename T>
T* values(std::byte* data) {
  return reinterpret_cast<T*>(data);
}
template <typename T>
const T* values(const std::byte* data) {
  return reinterpret_cast<const T*>(data);
}

template <typename T>
void narrow(const float* from, int count, T* to) {
  for (int i = 0; i < count; ++i) to[i] = narrow<T>(from[i]);
}

template <typename T>
void patches(const float* pictures, int count, int y, const View& to) {
  constexpr int length = input_side * 3, run = 9;  // three values of three neighbours
  constexpr int wide = 16;                         // copied at once: what is too much is overwritten, or left
  alignas(64) static thread_local std::array<std::array<T, length + wide>, lanes * 3> lines;
  for (int n = 0; n < lanes; ++n) {
    const float* picture = pictures + n * input_floats + static_cast<std::int64_t>(y) * 2 * length;
    for (int ky = 0; ky < 3; ++ky) {
      T* line = lines[static_cast<std::size_t>(n * 3 + ky)].data();
      if (n < count) {
        narrow<T>(picture + ky * length, length, line);
        // The next call reads two lines more; there are too many pictures for the CPU to foresee it.
        const float* next = picture + std::min(ky + 3, input_side - 1 - 2 * y) * length;
        for (int i = 0; ky < 2 && i < length; i += 16) __builtin_prefetch(next + i, 0, 2);
      } else {
        std::memset(line, 0, length * sizeof(T));
      }
    }
  }
  std::array<T, patch_channels + wide> last;  // may not be exceeded in the target
  for (int x = 0; x < to.width; ++x) {
    T* out = values<T>(to.at(y, x));
    for (int n = 0; n < lanes; ++n, out += patch_channels) {
      T* target = n + 1 < lanes ? out : last.data();
      for (int ky = 0; ky < 3; ++ky)
        std::memcpy(target + ky * run, lines[static_cast<std::size_t>(n * 3 + ky)].data() + x * 6, wide * sizeof(T));
    }
    std::memcpy(out - patch_channels, last.data(), patch_channels * sizeof(T));
  }
}

template <typename T>
using BitsOf = std::conditional_t<sizeof(T) == 4, std::int32_t, std::conditional_t<sizeof(T) == 2, std::int16_t, T>>;

/// Numbers that are not negative have the order of their bits, NaN above all.
template <typename T>
void max_pool(const View& from, int stride, int y, const View& to) {
  constexpr int at_once = sizeof(T) == 1 ? 32 : 64;  // bytes of 32 channels, or fewer
  using Bits [[gnu::vector_size(at_once), gnu::aligned(4), gnu::may_alias]] = BitsOf<T>;
  const int pad = stride == 1 ? 1 : 0;
  const int top = std::max(y * stride - pad, 0), bottom = std::min(y * stride - pad + 2, from.height - 1);
  const std::int64_t bytes = to.channels * std::int64_t{sizeof(T)};
  for (int x = 0; x < to.width; ++x) {
    const int left = std::max(x * stride - pad, 0), right = std::min(x * stride - pad + 2, from.width - 1);
    for (int n = 0; n < lanes; ++n) {
      for (std::int64_t c = 0; c < bytes; c += at_once) {
        Bits most = {};
        for (int sy = top; sy <= bottom; ++sy) {
          const std::byte* in = from.at(sy, left) + n * from.stride + c;
          for (int sx = left; sx <= right; ++sx, in += from.step) {
            const Bits some = *reinterpret_cast<const Bits*>(in);
            most = some > most ? some : most;
          }
        }
        *reinterpret_cast<Bits*>(to.at(y, x) + n * to.stride + c) = most;
      }
    }
  }
}

/// Sums of three rows, of one position and picture: the columns that average_pool() adds up.
template <typename T>
void add_column(const View& from, int top, int bottom, int x, int channels, float* sums) {
  for (int n = 0; n < lanes; ++n, sums += channels) {
    std::fill_n(sums, channels, 0.0F);
    for (int y = top; y <= bottom; ++y) {
      const T* in = values<T>(static_cast<const std::byte*>(from.at(y, x)) + n * from.stride);
      for (int c = 0; c < channels; ++c) sums[c] += widen(in[c]);
    }
  }
}

inline std::uint8_t to_code(float value) {
  const float most = value < 255.0F ? value : 255.0F;
  return static_cast<std::uint8_t>(static_cast<int>(most + 0.5F));
}

template <typename T>
void average_pool(const View& from, const float* bias, const float* codes, bool count_padding, int y, const View& to) {
  constexpr int most_channels = 192;
  alignas(64) static thread_local std::array<std::array<float, lanes * most_channels>, 3> columns;
  const int top = std::max(y - 1, 0), bottom = std::min(y + 1, from.height - 1);
  add_column<T>(from, top, bottom, 0, to.channels, columns[0].data());
  for (int x = 0; x < to.width; ++x) {
    const int left = std::max(x - 1, 0), right = std::min(x + 1, from.width - 1);
    if (x < right) add_column<T>(from, top, bottom, right, to.channels, columns[right % 3].data());
    const float factor = 1.0F / static_cast<float>(count_padding ? 9 : (bottom - top + 1) * (right - left + 1));
    const float* a = columns[left % 3].data();
    const float* b = columns[x % 3].data();
    const float* c = columns[right % 3].data();
    const float first = left < x ? 1.0F : 0.0F, last = x < right ? 1.0F : 0.0F;
    for (int n = 0; n < lanes; ++n) {
      std::byte* out = to.at(y, x) + n * to.stride;
      const auto average = [&](int i) {
        const int at = n * to.channels + i;
        const float value = (first * a[at] + b[at] + last * c[at]) * factor + bias[i];
        return value < 0.0F ? 0.0F : value;
      };
      if (codes == nullptr) {
        for (int i = 0; i < to.channels; ++i) values<T>(out)[i] = narrow<T>(average(i));
      } else {
        for (int i = 0; i < to.channels; ++i) values<std::uint8_t>(out)[i] = to_code(average(i) * codes[i]);
      }
    }
  }
}

template <typename T>
void mean(const View& from, int count, float* out) {
  const float positions = static_cast<float>(from.height) * static_cast<float>(from.width);
  std::fill_n(out, static_cast<std::int64_t>(count) * from.channels, 0.0F);
  for (int y = 0; y < from.height; ++y) {
    for (int x = 0; x < from.width; ++x) {
      for (int n = 0; n < count; ++n) {
        const auto* in = reinterpret_cast<const T*>(from.at(y, x) + n * from.stride);
        float* sum = out + static_cast<std::int64_t>(n) * from.channels;
        for (int c = 0; c < from.channels; ++c) sum[c] += widen(in[c]);
      }
    }
  }
  for (std::int64_t i = 0; i < static_cast<std::int64_t>(count) * from.channels; ++i) out[i] /= positions;
}

}  // namespace
}  // namespace pool3::direct
