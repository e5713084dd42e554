#pragma once
// fp32 convolutions for vectors of any length. To be included by one file for each; see convolve.hpp.

#include "network/kernels/vector_kernels.hpp"
#include "network/kernels/winograd.hpp"

namespace pool3::network {
namespace {

/// Some rows by the 48 or 32 channels of a panel, `most` rows and `vectors` vectors at a time. Every sum is made
/// in the same order by one chain of fused multiply-adds, so the vectors' length does not change a bit.
template <int vector_floats, int most>
class Fp32Kernel {
 public:
  using Value = float;
  static constexpr int positions = 1, most_rows = most;

  explicit Fp32Kernel(const ConvolutionTask& task)
      : stride_(task.from.stride), pictures_(task.from.pictures), channels_(task.in_channels) {}

  void block(std::span<const Tap<1>> taps, const Panel& panel, const std::array<std::byte*, 1>& to,
             std::int64_t to_stride) const {
    rows(taps, panel, to[0], {.count = pictures_, .from = stride_, .to = to_stride});
  }
  void rows(std::span<const Tap<1>> taps, const Panel& panel, std::byte* to, const Rows& of) const {
    if (panel.width == 48) {
      by_vectors<3, 48>(taps, panel, to, of);
    } else {
      by_vectors<2, 32>(taps, panel, to, of);
    }
  }
  void finish() {}

  using Vector [[gnu::vector_size(vector_floats * 4)]] = float;

 private:
  using Loose [[gnu::vector_size(vector_floats * 4), gnu::aligned(4), gnu::may_alias]] = float;

  template <int vectors, int width>
  void by_vectors(std::span<const Tap<1>> taps, const Panel& panel, std::byte* to, const Rows& of) const {
    for (int c = 0; c < width; c += vectors * vector_floats)
      in_rows<most>(of.count, of.exact, [&](auto some_rows, int n) {
        some<some_rows, vectors, width>(taps, panel, c, n * of.from, of.from, to + n * of.to, of.to);
      });
  }

  /// A call of its own, for which all registers are free.
  template <int some_rows, int vectors, int width>
  [[gnu::noinline]] void some(std::span<const Tap<1>> taps, const Panel& panel, int first_channel, std::int64_t first,
                              std::int64_t stride, std::byte* to, std::int64_t to_stride) const {
    Vector sum[some_rows][vectors] = {};  // NOLINT(modernize-avoid-c-arrays): registers
    for (const Tap<1>& tap : taps) {
      const std::byte* from = tap.from[0] + first;
      const auto* weights = reinterpret_cast<const float*>(panel.weights + tap.weights * width) + first_channel;
      for (int k = 0; k < channels_; ++k, weights += width, from += sizeof(float)) {
        Vector w[vectors];  // NOLINT(modernize-avoid-c-arrays)
        for (int v = 0; v < vectors; ++v) {
          w[v] = *reinterpret_cast<const Loose*>(weights + v * vector_floats);
          asm("" : "+v"(w[v]));  // keeps it in its register; GCC 12 would put one of them on the stack
        }
#pragma GCC unroll 8
        for (int r = 0; r < some_rows; ++r) {
          const float value = *reinterpret_cast<const float*>(from + r * stride);
          for (int v = 0; v < vectors; ++v) sum[r][v] += w[v] * value;
        }
      }
    }
    for (int r = 0; r < some_rows; ++r) {
      auto* out = reinterpret_cast<float*>(to + r * to_stride) + first_channel;
      for (int v = 0; v < vectors; ++v) {
        Vector value = sum[r][v] + *reinterpret_cast<const Loose*>(panel.bias + first_channel + v * vector_floats);
        if (panel.relu) value = value < 0.0F ? Vector{} : value;
        *reinterpret_cast<Loose*>(out + v * vector_floats) = value;
      }
    }
  }

  std::int64_t stride_;
  int pictures_, channels_;
};

template <typename Kernel>
void winograd(const ConvolutionTask& task) {
  Winograd<Kernel, typename Kernel::Vector>(task).run();
}

template <int vector_floats, int rows>
const Kernels* fp32_kernels(const char* name) {
  static const Kernels kernels = [=] {
    Kernels made = vector_kernels<Fp32Kernel<vector_floats, rows>>(name, {1, 1, 48, 32});
    made.winograd = winograd<Fp32Kernel<vector_floats, rows>>;
    return made;
  }();
  return &kernels;
}

}  // namespace
}  // namespace pool3::network
