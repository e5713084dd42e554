#include "network/direct/layers.hpp"

#if defined(__AMX_BF16__) && defined(__AVX512BF16__)
#include <immintrin.h>

namespace pool3::direct {
namespace {

constexpr int tile_bytes = 1024;
constexpr int channels_at_once = 32;  // of the input, in one tile

/// The palette of eight full tiles; see Intel's Architecture Instruction Set Extensions reference, LDTILECFG.
struct alignas(64) TileConfiguration {
  std::uint8_t palette = 1, start_row = 0;
  std::array<std::uint8_t, 14> reserved{};
  std::array<std::uint16_t, 16> row_bytes{64, 64, 64, 64, 64, 64, 64, 64};
  std::array<std::uint8_t, 16> rows{16, 16, 16, 16, 16, 16, 16, 16};
};

void begin() {
  static const TileConfiguration configuration;
  _tile_loadconfig(&configuration);
}
void end() { _tile_release(); }

/// Two positions by 32 channels: tiles 0 to 3 are the sums, 4 and 5 the inputs, 6 and 7 the weights. The sums of a
/// block are finished and written while the next block's are made.
template <bool stream>
class AmxKernel {
 public:
  using Value = Bf16;
  static constexpr int positions = 2;

  explicit AmxKernel(const ConvolutionTask& task) : stride_(task.from.stride), chunks_(task.in_channels / 32) {}

  void block(std::span<const Tap<2>> taps, const Panel& panel, const std::array<std::byte*, 2>& to,
             std::int64_t to_stride) {
    const auto chunks = static_cast<unsigned>(taps.size()) * static_cast<unsigned>(chunks_);
    const unsigned share = (2 * lanes + chunks - 1) / chunks;
    _tile_zero(0);
    _tile_zero(1);
    _tile_zero(2);
    _tile_zero(3);
    for (const Tap<2>& tap : taps) {
      const std::byte* weights = panel.weights + tap.weights * 32;
      if (tap.from[0] != nullptr && tap.from[1] != nullptr) {
        for (int c = 0; c < chunks_; ++c, weights += 2 * tile_bytes) {
          _tile_loadd(4, tap.from[0] + c * 64, stride_);
          load_weights_6(weights);
          _tile_dpbf16ps(0, 4, 6);
          _tile_loadd(5, tap.from[1] + c * 64, stride_);
          _tile_dpbf16ps(2, 5, 6);
          load_weights_7(weights + tile_bytes);
          _tile_dpbf16ps(1, 4, 7);
          _tile_dpbf16ps(3, 5, 7);
          write(share);
        }
      } else if (tap.from[0] != nullptr) {
        for (int c = 0; c < chunks_; ++c, weights += 2 * tile_bytes) {
          _tile_loadd(4, tap.from[0] + c * 64, stride_);
          load_weights_6(weights);
          _tile_dpbf16ps(0, 4, 6);
          load_weights_7(weights + tile_bytes);
          _tile_dpbf16ps(1, 4, 7);
          write(share);
        }
      } else {
        for (int c = 0; c < chunks_; ++c, weights += 2 * tile_bytes) {
          _tile_loadd(5, tap.from[1] + c * 64, stride_);
          load_weights_6(weights);
          _tile_dpbf16ps(2, 5, 6);
          load_weights_7(weights + tile_bytes);
          _tile_dpbf16ps(3, 5, 7);
          write(share);
        }
      }
    }
    _tile_stored(0, sums_.data(), 128);
    _tile_stored(1, sums_.data() + 16, 128);
    _tile_stored(2, sums_.data() + 512, 128);
    _tile_stored(3, sums_.data() + 528, 128);
    pending_ = {.bias = panel.bias,
                .relu = panel.relu,
                .to = to,
                .stride = to_stride,
                .row = 0,
                .rows = to[1] == nullptr ? unsigned{lanes} : 2U * lanes};
  }

  void finish() { write(2 * lanes); }

 private:
  // Weights that don't fit into the L1 cache pass it by, and leave it to the input.
  static void load_weights_6(const std::byte* weights) {
    if constexpr (stream) {
      _tile_stream_loadd(6, weights, 64);
    } else {
      _tile_loadd(6, weights, 64);
    }
  }
  static void load_weights_7(const std::byte* weights) {
    if constexpr (stream) {
      _tile_stream_loadd(7, weights, 64);
    } else {
      _tile_loadd(7, weights, 64);
    }
  }

  /// What happens to the sums.
  struct Pending {
    const float* bias = nullptr;
    bool relu = false;
    std::array<std::byte*, 2> to{};
    std::int64_t stride = 0;
    unsigned row = 0, rows = 0;
  };

  /// Up to `count` rows of the pending block.
  void write(unsigned count) {
    const Pending p = pending_;
    const unsigned end = std::min(p.row + count, p.rows);
    if (p.row == end) return;
    pending_.row = end;
    const __m512 low_bias = _mm512_loadu_ps(p.bias), high_bias = _mm512_loadu_ps(p.bias + 16);
    const __m512 floor = p.relu ? _mm512_setzero_ps() : _mm512_set1_ps(-__builtin_inff());
    const float* sums = sums_.data();
    for (unsigned n = p.row; n < end; ++n) {
      // A NaN must stay one: the maximum gives its second operand then.
      const __m512 low = _mm512_max_ps(floor, _mm512_add_ps(_mm512_load_ps(sums + n * 32), low_bias));
      const __m512 high = _mm512_max_ps(floor, _mm512_add_ps(_mm512_load_ps(sums + n * 32 + 16), high_bias));
      std::byte* to = (n < lanes ? p.to[0] : p.to[1]) + (n % lanes) * p.stride;
      _mm512_storeu_si512(to, reinterpret_cast<__m512i>(_mm512_cvtne2ps_pbh(high, low)));
    }
  }

  std::int64_t stride_;
  int chunks_;
  Pending pending_;
  alignas(64) std::array<float, 1024> sums_;  ///< [2 positions][16 pictures][32 channels]
};

/// Weights of a layer that stay in the L1 cache beside its input.
constexpr std::int64_t small_weights = 20 << 10;

void convolve_some(const ConvolutionTask& task) {
  const std::int64_t bytes =
      std::int64_t{task.geometry.taps()} * task.in_channels * 32 * 2 * static_cast<std::int64_t>(task.panels.size());
  if (bytes > small_weights) {
    convolve<AmxKernel<true>>(task);
  } else {
    convolve<AmxKernel<false>>(task);
  }
}

}  // namespace

const Kernels* amx_bf16_kernels() {
  static const Kernels kernels = {.name = "amx-bf16",
                                  .precision = Precision::bf16,
                                  .value_bytes = sizeof(Bf16),
                                  .in_unit = channels_at_once,
                                  .widths = {32, 0},
                                  .begin = begin,
                                  .end = end,
                                  .convolve = convolve_some,
                                  .winograd = nullptr,
                                  .patches = patches<Bf16>,
                                  .max_pool = max_pool<Bf16>,
                                  .average_pool = average_pool<Bf16>,
                                  .mean = mean<Bf16>};
  return &kernels;
}

}  // namespace pool3::direct

#else
const pool3::direct::Kernels* pool3::direct::amx_bf16_kernels() { return nullptr; }
#endif
