#include "network/kernels/convolve.hpp"
#include "network/kernels/pools.hpp"
#include "network/kernels/table.hpp"

#if defined(__AVX512BF16__)
#include <immintrin.h>

namespace pool3::network {
namespace {

void nothing() {}

/// One position by 32 channels, eight pictures at a time.
class Bf16Kernel {
 public:
  using Value = Bf16;
  static constexpr int positions = 1;

  explicit Bf16Kernel(const ConvolutionTask& task) : stride_(task.from.stride), pairs_(task.in_channels / 2) {}

  void block(std::span<const Tap<1>> taps, const Panel& panel, const std::array<std::byte*, 1>& to,
             std::int64_t to_stride) const {
    for (int n = 0; n < lanes; n += rows) some(taps, panel, n, to[0], to_stride);
  }
  void finish() {}

 private:
  static constexpr int rows = 8;

  void some(std::span<const Tap<1>> taps, const Panel& panel, int first, std::byte* to, std::int64_t to_stride) const {
    __m512 sum[rows][2] = {};  // NOLINT(modernize-avoid-c-arrays): registers
    for (const Tap<1>& tap : taps) {
      const std::byte* from = tap.from[0] + first * stride_;
      const std::byte* weights = panel.weights + tap.weights * 32;
      // As for AMX: [chunk of 16 pairs][2][pair][16 channels][2]
      for (int k = 0; k < pairs_; ++k) {
        const std::byte* pair = weights + (k / 16) * 2048 + (k % 16) * 64;
        const auto low = load(pair), high = load(pair + 1024);
        for (int r = 0; r < rows; ++r) {
          int two = 0;
          std::memcpy(&two, from + r * stride_ + k * 4, 4);
          const auto values = reinterpret_cast<__m512bh>(_mm512_set1_epi32(two));
          sum[r][0] = _mm512_dpbf16_ps(sum[r][0], values, low);
          sum[r][1] = _mm512_dpbf16_ps(sum[r][1], values, high);
        }
      }
    }
    const __m512 low_bias = _mm512_loadu_ps(panel.bias), high_bias = _mm512_loadu_ps(panel.bias + 16);
    const __m512 floor = panel.relu ? _mm512_setzero_ps() : _mm512_set1_ps(-__builtin_inff());
    for (int r = 0; r < rows; ++r) {
      // A NaN must stay one: the maximum gives its second operand then.
      const __m512 low = _mm512_max_ps(floor, _mm512_add_ps(sum[r][0], low_bias));
      const __m512 high = _mm512_max_ps(floor, _mm512_add_ps(sum[r][1], high_bias));
      _mm512_storeu_si512(to + (first + r) * to_stride, reinterpret_cast<__m512i>(_mm512_cvtne2ps_pbh(high, low)));
    }
  }
  static __m512bh load(const std::byte* from) { return reinterpret_cast<__m512bh>(_mm512_loadu_si512(from)); }

  std::int64_t stride_;
  int pairs_;
};

}  // namespace

const Kernels* avx512_bf16_kernels() {
  static const Kernels kernels = {.name = "avx512-bf16",
                                  .precision = Precision::bf16,
                                  .value_bytes = sizeof(Bf16),
                                  .in_unit = 32,
                                  .out_unit = 32,
                                  .widths = {32, 0},
                                  .uncoded = nullptr,
                                  .begin = nothing,
                                  .end = nothing,
                                  .convolve = convolve<Bf16Kernel>,
                                  .winograd = nullptr,
                                  .patches = patches<Bf16>,
                                  .max_pool = max_pool<Bf16>,
                                  .average_pool = average_pool<Bf16>,
                                  .mean = mean<Bf16>};
  return &kernels;
}

}  // namespace pool3::network

#else
const pool3::network::Kernels* pool3::network::avx512_bf16_kernels() { return nullptr; }
#endif
