#pragma once
// bf16 without instructions for it, and with the same bits on every CPU: the layers of int8 networks that don't read
// codes, and the calibration. To be included by one file for each length of vectors; see convolve.hpp.
//
// Sums are made as Intel's manual says that TDPBF16PS makes them: of each 32 channels those at even and at odd places
// in a chain of fused multiply-adds each, the two added, and that added to the sum, with what is below the normal
// floats taken as zero.

#include <immintrin.h>

#include "network/kernels/dot_convolution.hpp"
#include "network/kernels/vector_kernels.hpp"

namespace pool3::network {
namespace {

/// One position by the channels of a panel, `rows` pictures at a time.
template <typename Vectors, int rows>
class ExactKernel {
 public:
  using Value = Bf16;
  static constexpr int positions = 1;

  explicit ExactKernel(const ConvolutionTask& task)
      : stride_(task.from.stride), pictures_(task.from.pictures), chunks_(task.in_channels / 32) {}

  void block(std::span<const Tap<1>> taps, const Panel& panel, const std::array<std::byte*, 1>& to,
             std::int64_t to_stride) const {
    for (int c = 0; c < panel.width; c += vectors * Vectors::channels)
      for (int n = 0; n < pictures_; n += rows) {
        Totals totals;
        add_up(taps, panel, c, n, totals);
        const Finish<Vectors> finish = {panel, c};
        for (int r = 0; r < rows; ++r)
          for (int v = 0; v < vectors; ++v) finish.write(totals[r][v], v, to[0] + (n + r) * to_stride);
      }
  }
  void finish() {}

 private:
  using Floats = typename Vectors::Floats;
  static constexpr int vectors = 2, pairs = 16;
  using Totals = Floats[rows][vectors];  // NOLINT(modernize-avoid-c-arrays): an array of std::array warns

  /// What is below the normal floats is zero meanwhile.
  void add_up(std::span<const Tap<1>> taps, const Panel& panel, int channel, int first, Totals& totals) const {
    constexpr unsigned flush_to_zero = 0x8000, denormals_are_zero = 0x0040;
    const unsigned before = _mm_getcsr();
    _mm_setcsr(before | flush_to_zero | denormals_are_zero);
    sum_up(taps, panel, channel, first, totals);
    _mm_setcsr(before);
  }

  /// A call of its own, so that no arithmetic leaves it.
  [[gnu::noinline]] void sum_up(std::span<const Tap<1>> taps, const Panel& panel, int channel, int first,
                                Totals& totals) const {
    for (int r = 0; r < rows; ++r)
      for (int v = 0; v < vectors; ++v) totals[r][v] = Floats{};
    for (const Tap<1>& tap : taps) {
      const std::byte* from = tap.from[0] + first * stride_;
      const std::byte* weights = panel.weights + tap.weights * panel.width + channel * std::int64_t{4};
      for (int chunk = 0; chunk < chunks_; ++chunk, from += pairs * 4, weights += pairs * 4 * panel.width)
        add_chunk(from, weights, panel.width, totals);
    }
  }

  void add_chunk(const std::byte* from, const std::byte* weights, int width, Totals& totals) const {
    Totals even = {}, odd = {};
    for (int k = 0; k < pairs; ++k, from += 4, weights += std::int64_t{4} * width) {
      Floats low[vectors], high[vectors];  // NOLINT(modernize-avoid-c-arrays): registers
#pragma GCC unroll 2
      for (int v = 0; v < vectors; ++v) {
        const auto both = Vectors::load(weights + v * Vectors::channels * 4);
        low[v] = Vectors::low(both);
        high[v] = Vectors::high(both);
      }
#pragma GCC unroll 8
      for (int r = 0; r < rows; ++r) {
        int word = 0;
        std::memcpy(&word, from + r * stride_, 4);
        const auto pair = Vectors::broadcast(word);
#pragma GCC unroll 2
        for (int v = 0; v < vectors; ++v) {
          even[r][v] = Vectors::multiply_add(Vectors::low(pair), low[v], even[r][v]);
          odd[r][v] = Vectors::multiply_add(Vectors::high(pair), high[v], odd[r][v]);
        }
      }
    }
#pragma GCC unroll 8
    for (int r = 0; r < rows; ++r)
#pragma GCC unroll 2
      for (int v = 0; v < vectors; ++v) totals[r][v] = Vectors::add(totals[r][v], Vectors::add(even[r][v], odd[r][v]));
  }

  std::int64_t stride_;
  int pictures_, chunks_;
};

template <typename Vectors, int rows>
const Kernels* exact_kernels(const char* name) {
  static const Kernels kernels = vector_kernels<ExactKernel<Vectors, rows>>(name, {32, 32, 32, 0});
  return &kernels;
}

}  // namespace
}  // namespace pool3::network
