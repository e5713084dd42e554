#pragma once
// Convolutions, written once for all sets of instructions: the way from position to position, and from panel to panel.
// Every file that includes this is compiled for its own: all that is here has internal linkage, or the linker would
// keep one copy for all.

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <type_traits>

#include "network/kernels/kernels.hpp"

namespace pool3::network {
namespace {

inline constexpr int most_taps = 25, most_outputs = 4;
/// Weights that stay in a core's L2 cache while the positions pass by.
inline constexpr std::int64_t weights_at_once = 1 << 20;

/// One tap of `positions` output positions: where its 16 rows start (null: outside the picture), and its weights
/// within a panel.
template <int positions>
struct Tap {
  std::array<const std::byte*, positions> from;
  std::int64_t weights;
};

/// Walks over the output positions of a task, `positions` at a time, row by row.
template <int positions>
class PositionWalk {
 public:
  // NOLINTNEXTLINE(cppcoreguidelines-pro-type-member-init): of the arrays, what is used is filled in
  PositionWalk(const ConvolutionTask& task, std::int64_t value_bytes)
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

/// Walks over the output positions of a task, line by line, as many of a line at a time as read the same taps.
class LineWalk {
 public:
  // NOLINTNEXTLINE(cppcoreguidelines-pro-type-member-init): of the arrays, what is used is filled in
  LineWalk(const ConvolutionTask& task, std::int64_t value_bytes)
      : task_(task), y_(task.row_begin), tap_bytes_(task.in_channels * value_bytes) {
    if (!done()) locate();
  }

  [[nodiscard]] bool done() const { return y_ >= task_.row_end; }
  /// Positions side by side.
  [[nodiscard]] int count() const { return count_; }
  /// The taps of the first of them, of one picture, that are inside of it.
  [[nodiscard]] std::span<const Tap<1>> taps(int picture) {
    for (int t = 0; t < inside_; ++t) taps_[t] = {{first_[t].from[0] + picture * task_.from.stride}, first_[t].weights};
    return {taps_.data(), static_cast<std::size_t>(inside_)};
  }
  /// Where the first picture's channels of the first position go.
  [[nodiscard]] std::byte* to(int output) const { return task_.to[static_cast<std::size_t>(output)].at(y_, x_); }

  void step() {
    x_ += count_;
    if (x_ == task_.to[0].width) {
      x_ = 0;
      ++y_;
    }
    if (!done()) locate();
  }

 private:
  void locate() {
    const Geometry& g = task_.geometry;
    const View& from = task_.from;
    const int left = x_ * g.stride - g.pad_width, top = y_ * g.stride - g.pad_height;
    const int last_whole = std::min((from.width - g.kernel_width + g.pad_width) / g.stride, task_.to[0].width - 1);
    count_ = left >= 0 ? std::max(last_whole - x_ + 1, 1) : 1;
    inside_ = 0;
    for (int ky = 0; ky < g.kernel_height; ++ky)
      for (int kx = 0; kx < g.kernel_width; ++kx) {
        const int y = top + ky, x = left + kx;
        if (y < 0 || y >= from.height || x < 0 || x >= from.width) continue;
        first_[inside_++] = {{from.at(y, x)}, (ky * g.kernel_width + kx) * tap_bytes_};
      }
  }

  const ConvolutionTask& task_;
  int y_, x_ = 0, count_ = 0, inside_ = 0;
  std::int64_t tap_bytes_;  ///< of weights, times the width of a panel
  std::array<Tap<1>, most_taps> first_, taps_;
};

/// Rows of channels that are computed together: of pictures side by side, or of one picture at positions side by side.
struct Rows {
  int count = 0;
  std::int64_t from = 0, to = 0;  ///< bytes from one to the next
  bool exact = false;             ///< nothing may be read or written beyond the last
};

/// Calls run(most, first) with std::integral_constant most for all rows, the first to the last: as many at a time as
/// there can be, and fewer where that many are not left. If not `exact`, rows beyond the last may be among them.
template <int most, typename Run>
void in_rows(int count, bool exact, const Run& run) {
  int first = 0;
  const int needed = exact ? most : most / 2 + 1;
  for (; count - first >= needed; first += most) run(std::integral_constant<int, most>{}, first);
  if constexpr (most > 1) {
    if (first < count) in_rows<most / 2>(count - first, exact, [&](auto fewer, int n) { run(fewer, first + n); });
  }
}

/// The panels from `first` on whose weights stay in the cache together: the index after the last of them.
inline std::size_t end_of_panels(const ConvolutionTask& task, std::size_t first, std::int64_t value_bytes) {
  const std::int64_t panel_depth = task.geometry.taps() * task.in_channels * value_bytes;
  std::size_t last = first;
  for (std::int64_t bytes = 0; last < task.panels.size(); ++last) {
    bytes += panel_depth * task.panels[last].width;
    if (bytes > weights_at_once && last > first) break;
  }
  return last;
}

/// So few pictures that positions fill a kernel's rows better. With half as many as there are rows both take as long.
template <typename Kernel>
constexpr bool are_few(int pictures) {
  return 2 * pictures < Kernel::most_rows;
}

/// For few pictures: the rows are positions.
template <typename Kernel>
void convolve_lines(const ConvolutionTask& task, const Kernel& kernel) {
  constexpr auto value_bytes = static_cast<std::int64_t>(sizeof(typename Kernel::Value));
  const std::int64_t from = task.from.step * task.geometry.stride;
  for (std::size_t first = 0, last = 0; first < task.panels.size(); first = last) {
    last = end_of_panels(task, first, value_bytes);
    for (LineWalk walk(task, value_bytes); !walk.done(); walk.step())
      for (int n = 0; n < task.from.pictures; ++n) {
        const auto taps = walk.taps(n);
        for (const Panel& panel : task.panels.subspan(first, last - first)) {
          const View& to = task.to[static_cast<std::size_t>(panel.output)];
          kernel.rows(taps, panel, walk.to(panel.output) + n * to.stride + panel.offset,
                      {.count = walk.count(), .from = from, .to = to.step, .exact = true});
        }
      }
  }
}

/// Kernel: `positions`, `Value`, and block(taps, panel, to, stride), which computes one panel of `positions`
/// positions; `to` says where each position's 16 rows go (null: nowhere), `stride` apart. One whose rows need not be
/// those of pictures has `most_rows` of them at a time, and rows(taps, panel, to, Rows).
template <typename Kernel>
void convolve(const ConvolutionTask& task) {
  constexpr int positions = Kernel::positions;
  constexpr auto value_bytes = static_cast<std::int64_t>(sizeof(typename Kernel::Value));
  Kernel kernel(task);
  if constexpr (requires { Kernel::most_rows; }) {
    if (are_few<Kernel>(task.from.pictures)) return convolve_lines(task, kernel);
  }
  for (std::size_t first = 0, last = 0; first < task.panels.size(); first = last) {
    last = end_of_panels(task, first, value_bytes);
    for (PositionWalk<positions> walk(task, value_bytes); !walk.done(); walk.step()) {
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
  }
  kernel.finish();
}

}  // namespace
}  // namespace pool3::network
