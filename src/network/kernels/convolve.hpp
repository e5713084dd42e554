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

constexpr int most_taps = 25, most_outputs = 4;
/// Weights that stay in a core's L2 cache while the positions pass by.
constexpr std::int64_t weights_at_once = 1 << 20;

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

/// Calls run(rows, first) with std::integral_constant rows for all pictures, the first to the last: as many `rows` at a
/// time as there can be, and fewer where that many are not left. Rows beyond the last picture may be among them.
template <int rows, typename Run>
void in_rows(int pictures, const Run& run) {
  int first = 0;
  for (; pictures - first > rows / 2; first += rows) run(std::integral_constant<int, rows>{}, first);
  if constexpr (rows > 1) {
    if (first < pictures) in_rows<rows / 2>(pictures - first, [&](auto fewer, int n) { run(fewer, first + n); });
  }
}

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
    for (PositionWalk<positions> walk(task, sizeof(typename Kernel::Value)); !walk.done(); walk.step()) {
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

}  // namespace
}  // namespace pool3::network
