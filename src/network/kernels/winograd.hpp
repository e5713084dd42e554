#pragma once
// 3 x 3 convolutions with stride 1 by minimal filtering, F(2 x 2, 3 x 3): 16 products where the definition has 36.
// Lavin and Gray, "Fast Algorithms for Convolutional Neural Networks", 2015. To be included by fp32_convolution.hpp.

#include "network/kernels/convolve.hpp"
#include "network/kernels/thread_scratch.hpp"

namespace pool3::network {
namespace {

/// Points that a tile of 2 x 2 outputs is computed at, from 4 x 4 inputs.
inline constexpr int points = 16;
/// Most tiles at once, and values of their transformed inputs: together they stay in a core's L2 cache.
inline constexpr int most_tiles = 8, most_transformed = 1 << 17;
inline constexpr int widest_panel = 48;

/// Rows [row_begin, row_end) of `task`, tile by tile. Kernel: as for convolve().
template <typename Kernel, typename Vector>
class Winograd {
 public:
  explicit Winograd(const ConvolutionTask& task)
      : task_(task),
        pad_(task.geometry.pad_height),
        tiles_across_((task.to[0].width + 1) / 2),
        group_(std::clamp(most_transformed / (points * lanes * task.in_channels), 1, most_tiles)),
        // Every tile's 16 rows follow the other's.
        kernel_({.from = {.pictures = task.from.pictures, .stride = task.in_channels * std::int64_t{sizeof(float)}},
                 .in_channels = task.in_channels}),
        transformed_(floats_of(Scratch::transformed, most_transformed)),
        products_(floats_of(Scratch::products, points * most_tiles * lanes * widest_panel)) {}

  void run() {
    for (int y = task_.row_begin; y < task_.row_end; y += 2) {
      for (int first = 0; first < tiles_across_; first += group_) {
        const int count = std::min(group_, tiles_across_ - first);
        for (int t = 0; t < count; ++t) transform_input(y, 2 * (first + t), t);
        for (const Panel& panel : task_.panels) {
          multiply(panel, count);
          for (int t = 0; t < count; ++t) transform_output(panel, y, 2 * (first + t), t);
        }
      }
    }
  }

 private:
  static constexpr int vector_floats = sizeof(Vector) / sizeof(float);
  using Loose [[gnu::vector_size(sizeof(Vector)), gnu::aligned(4), gnu::may_alias]] = float;

  static float* floats_of(Scratch use, std::int64_t count) {
    return reinterpret_cast<float*>(thread_scratch(use, count * std::int64_t{sizeof(float)}));
  }
  [[nodiscard]] std::int64_t tile_floats() const { return std::int64_t{lanes} * task_.in_channels; }
  [[nodiscard]] float* input(int point, int tile) const {
    return transformed_ + (static_cast<std::int64_t>(point) * group_ + tile) * tile_floats();
  }
  [[nodiscard]] float* sums(int point, int tile, int width) const {
    return products_ + ((static_cast<std::int64_t>(point) * group_ + tile) * lanes) * width;
  }

  /// B^T d B of the 4 x 4 inputs of the tile whose first output is (y, x); zero outside the picture.
  // NOLINTNEXTLINE(readability-function-cognitive-complexity): loops over the axes
  void transform_input(int y, int x, int tile) {
    const View& from = task_.from;
    std::array<const std::byte*, points> source{};
    for (int i = 0; i < 4; ++i)
      for (int j = 0; j < 4; ++j) {
        const int sy = y - pad_ + i, sx = x - pad_ + j;
        if (sy >= 0 && sx >= 0 && sy < from.height && sx < from.width) source[i * 4 + j] = from.at(sy, sx);
      }
    for (int n = 0; n < task_.from.pictures; ++n) {
      for (int c = 0; c < task_.in_channels; c += vector_floats) {
        const std::int64_t at = n * from.stride + c * std::int64_t{sizeof(float)};
        Vector d[points];  // NOLINT(modernize-avoid-c-arrays): registers
        for (int k = 0; k < points; ++k)
          d[k] = source[k] == nullptr ? Vector{} : Vector{*reinterpret_cast<const Loose*>(source[k] + at)};
        for (int j = 0; j < 4; ++j) difference(d + j, 4);
        for (int i = 0; i < 4; ++i) difference(d + i * 4, 1);
        for (int k = 0; k < points; ++k)
          *reinterpret_cast<Loose*>(input(k, tile) + static_cast<std::int64_t>(n) * task_.in_channels + c) = d[k];
      }
    }
  }
  /// (a, b, c, d) to (a - c, b + c, c - b, b - d).
  static void difference(Vector* v, int step) {
    const Vector a = v[0], b = v[step], c = v[2 * step], d = v[3 * step];
    v[0] = a - c;
    v[step] = b + c;
    v[2 * step] = c - b;
    v[3 * step] = b - d;
  }

  /// The products of all points of `count` tiles with one panel.
  void multiply(const Panel& panel, int count) {
    alignas(64) static constexpr std::array<float, widest_panel> no_bias{};
    for (int k = 0; k < points; ++k) {
      const Panel part = {
          .weights = panel.weights + std::int64_t{k} * task_.in_channels * panel.width * std::int64_t{sizeof(float)},
          .bias = no_bias.data(),
          .width = panel.width,
          .relu = false};
      if (are_few<Kernel>(task_.from.pictures)) {
        multiply_tiles(part, k, count);
        continue;
      }
      for (int t = 0; t < count; ++t) {
        const Tap<1> tap = {.from = {reinterpret_cast<const std::byte*>(input(k, t))}, .weights = 0};
        kernel_.block({&tap, 1}, part, {reinterpret_cast<std::byte*>(sums(k, t, panel.width))},
                      panel.width * std::int64_t{sizeof(float)});
      }
    }
  }

  /// The same for few pictures: a kernel's rows are tiles.
  void multiply_tiles(const Panel& part, int point, int count) const {
    constexpr std::int64_t bytes = sizeof(float);
    for (std::int64_t n = 0; n < task_.from.pictures; ++n) {
      const float* from = input(point, 0) + n * task_.in_channels;
      const Tap<1> tap = {.from = {reinterpret_cast<const std::byte*>(from)}, .weights = 0};
      kernel_.rows({&tap, 1}, part, reinterpret_cast<std::byte*>(sums(point, 0, part.width) + n * part.width),
                   {.count = count, .from = tile_floats() * bytes, .to = lanes * part.width * bytes, .exact = true});
    }
  }

  /// A^T m A: up to 2 x 2 outputs.
  void transform_output(const Panel& panel, int y, int x, int tile) const {
    const View& to = task_.to[static_cast<std::size_t>(panel.output)];
    for (int n = 0; n < task_.from.pictures; ++n) {
      for (int c = 0; c < panel.width; c += vector_floats) {
        const Vector bias = *reinterpret_cast<const Loose*>(panel.bias + c);
        Vector m[points];  // NOLINT(modernize-avoid-c-arrays): registers
        for (int k = 0; k < points; ++k)
          m[k] = *reinterpret_cast<const Loose*>(sums(k, tile, panel.width) + n * panel.width + c);
        Vector half[8];  // NOLINT(modernize-avoid-c-arrays): [2][4]
        for (int j = 0; j < 4; ++j) {
          half[j] = (m[j] + m[4 + j]) + m[8 + j];
          half[4 + j] = (m[4 + j] - m[8 + j]) - m[12 + j];
        }
        for (int i = 0; i < 2 && y + i < task_.row_end; ++i) {
          const Vector* h = half + i * 4;
          const std::int64_t at = n * to.stride + panel.offset + c * std::int64_t{sizeof(float)};
          store(((h[0] + h[1]) + h[2]) + bias, panel.relu, to.at(y + i, x) + at);
          if (x + 1 < to.width) store(((h[1] - h[2]) - h[3]) + bias, panel.relu, to.at(y + i, x + 1) + at);
        }
      }
    }
  }
  static void store(Vector value, bool relu, std::byte* to) {
    if (relu) value = value < 0.0F ? Vector{} : value;
    *reinterpret_cast<Loose*>(to) = value;
  }

  const ConvolutionTask& task_;
  int pad_, tiles_across_, group_;
  Kernel kernel_;
  float* transformed_;  ///< [points][group][16 pictures][channels in]
  float* products_;     ///< [points][group][16 pictures][width of a panel]
};

}  // namespace
}  // namespace pool3::network
