#pragma once
// Convolutions by instructions that multiply the values of 32 bits and add their products to one sum of 32 bits: two of
// bf16, four of 8 bits. To be included by one file for each; see convolve.hpp.

#include <cstring>

#include "network/kernels/convolve.hpp"

namespace pool3::network {
namespace {

/// Sums become values: scaled, biased, rectified, and written as codes or bf16. Vectors: see vectors512.hpp.
template <typename Vectors>
struct Finish {
  using Floats = typename Vectors::Floats;
  const Panel& panel;
  int first_channel;

  /// Vector number `v` from the first channel; `to`: that channel's output.
  void write(Floats sum, int v, std::byte* to) const {
    const int c = first_channel + v * Vectors::channels;
    const Floats bias = Vectors::load(panel.bias + c);
    Floats value = panel.scale == nullptr ? Vectors::add(sum, bias)
                                          : Vectors::multiply_add(sum, Vectors::load(panel.scale + c), bias);
    if (panel.relu) value = Vectors::relu(value);
    if (panel.lower != 0) {
      Vectors::store_fine_codes(value, to + c, to + c + panel.lower);
    } else if (panel.codes) {
      Vectors::store_codes(value, to + c);
    } else {
      Vectors::store_bf16(value, to + c * std::int64_t{sizeof(Bf16)});
    }
  }
};

/// Some rows by the 48 or 32 channels of a panel, `most` rows and some vectors at a time. Arithmetic: `Value`,
/// `Vectors`, `Sum`, which is zero at first, multiply_add(sum, words of the input, words of the weights), to_floats().
/// multiply_add() should be assembly: of what GCC 12 makes of the intrinsics, some copies every sum, which halves the
/// speed.
template <typename Arithmetic, int most>
class DotKernel {
 public:
  using Value = typename Arithmetic::Value;
  using Vectors = typename Arithmetic::Vectors;
  static constexpr int positions = 1, most_rows = most;

  explicit DotKernel(const ConvolutionTask& task)
      : stride_(task.from.stride),
        pictures_(task.from.pictures),
        words_(task.in_channels * static_cast<int>(sizeof(Value)) / word_bytes) {}

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

 private:
  static constexpr int word_bytes = 4;

  template <int vectors, int width>
  void by_vectors(std::span<const Tap<1>> taps, const Panel& panel, std::byte* to, const Rows& of) const {
    for (int c = 0; c < width; c += vectors * Vectors::channels)
      in_rows<most>(of.count, of.exact, [&](auto some_rows, int n) {
        some<some_rows, vectors, width>(taps, panel, c, n * of.from, of.from, to + n * of.to, of.to);
      });
  }

  /// A call of its own, for which all registers are free.
  template <int some_rows, int vectors, int width>
  [[gnu::noinline]] void some(std::span<const Tap<1>> taps, const Panel& panel, int first_channel, std::int64_t first,
                              std::int64_t stride, std::byte* to, std::int64_t to_stride) const {
    typename Arithmetic::Sum sum[some_rows][vectors] = {};  // NOLINT(modernize-avoid-c-arrays): registers
    for (const Tap<1>& tap : taps) {
      const std::byte* from = tap.from[0] + first;
      const std::byte* weights = panel.weights + tap.weights * width + first_channel * word_bytes;
      for (int k = 0; k < words_; ++k, weights += width * word_bytes, from += word_bytes) {
        typename Vectors::Words w[vectors];  // NOLINT(modernize-avoid-c-arrays)
#pragma GCC unroll 3
        for (int v = 0; v < vectors; ++v) {
          w[v] = Vectors::load(weights + v * Vectors::channels * word_bytes);
          asm("" : "+v"(w[v]));  // keeps it in its register
        }
#pragma GCC unroll 8
        for (int r = 0; r < some_rows; ++r) {
          int word = 0;
          std::memcpy(&word, from + r * stride, word_bytes);
          const auto values = Vectors::broadcast(word);
#pragma GCC unroll 3
          for (int v = 0; v < vectors; ++v) Arithmetic::multiply_add(sum[r][v], values, w[v]);
        }
      }
    }
    // The registers could not be read in a loop that is not unrolled, and this one is large.
    typename Vectors::Floats sums[some_rows][vectors];  // NOLINT(modernize-avoid-c-arrays)
#pragma GCC unroll 8
    for (int r = 0; r < some_rows; ++r)
#pragma GCC unroll 3
      for (int v = 0; v < vectors; ++v) sums[r][v] = Arithmetic::to_floats(sum[r][v]);
    const Finish<Vectors> finish = {panel, first_channel};
#pragma GCC unroll 1
    for (int r = 0; r < some_rows; ++r)
      for (int v = 0; v < vectors; ++v) finish.write(sums[r][v], v, to + r * to_stride);
  }

  std::int64_t stride_;
  int pictures_, words_;
};

}  // namespace
}  // namespace pool3::network
