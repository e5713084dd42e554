#include "network/kernels/convolve.hpp"
#include "network/kernels/pools.hpp"
#include "network/kernels/table.hpp"
#include "network/kernels/vectors512.hpp"

#if defined(__AMX_BF16__) && defined(__AMX_INT8__) && defined(__AVX512BF16__)
#include <immintrin.h>

namespace pool3::network {
namespace {

constexpr int tile_bytes = 1024;
constexpr int row_bytes = 64;  // of a tile: the channels of the input that are in one

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
template <typename In, bool stream>
class AmxKernel {
 public:
  using Value = In;
  static constexpr int positions = 2;

  explicit AmxKernel(const ConvolutionTask& task)
      : stride_(task.from.stride), chunks_(task.in_channels * static_cast<int>(sizeof(In)) / row_bytes) {}

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
          multiply_4_6();
          _tile_loadd(5, tap.from[1] + c * 64, stride_);
          multiply_5_6();
          load_weights_7(weights + tile_bytes);
          multiply_4_7();
          multiply_5_7();
          write(share);
        }
      } else if (tap.from[0] != nullptr) {
        for (int c = 0; c < chunks_; ++c, weights += 2 * tile_bytes) {
          _tile_loadd(4, tap.from[0] + c * 64, stride_);
          load_weights_6(weights);
          multiply_4_6();
          load_weights_7(weights + tile_bytes);
          multiply_4_7();
          write(share);
        }
      } else {
        for (int c = 0; c < chunks_; ++c, weights += 2 * tile_bytes) {
          _tile_loadd(5, tap.from[1] + c * 64, stride_);
          load_weights_6(weights);
          multiply_5_6();
          load_weights_7(weights + tile_bytes);
          multiply_5_7();
          write(share);
        }
      }
    }
    _tile_stored(0, sums_.data(), 128);
    _tile_stored(1, sums_.data() + 16, 128);
    _tile_stored(2, sums_.data() + 512, 128);
    _tile_stored(3, sums_.data() + 528, 128);
    pending_ = {.bias = panel.bias,
                .scale = panel.scale,
                .relu = panel.relu,
                .codes = panel.codes,
                .lower = panel.lower,
                .to = to,
                .stride = to_stride,
                .row = 0,
                .rows = to[1] == nullptr ? unsigned{lanes} : 2U * lanes};
  }

  void finish() { write(2 * lanes); }

 private:
  static constexpr bool is_int8 = sizeof(In) == 1;
  using Sum = std::conditional_t<is_int8, std::int32_t, float>;

  // The names of tiles must be literals.
  static void multiply_4_6() {
    if constexpr (is_int8) {
      _tile_dpbusd(0, 4, 6);
    } else {
      _tile_dpbf16ps(0, 4, 6);
    }
  }
  static void multiply_5_6() {
    if constexpr (is_int8) {
      _tile_dpbusd(2, 5, 6);
    } else {
      _tile_dpbf16ps(2, 5, 6);
    }
  }
  static void multiply_4_7() {
    if constexpr (is_int8) {
      _tile_dpbusd(1, 4, 7);
    } else {
      _tile_dpbf16ps(1, 4, 7);
    }
  }
  static void multiply_5_7() {
    if constexpr (is_int8) {
      _tile_dpbusd(3, 5, 7);
    } else {
      _tile_dpbf16ps(3, 5, 7);
    }
  }

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
    const float* scale = nullptr;
    bool relu = false, codes = false;
    int lower = 0;
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
    if (p.scale == nullptr) {
      write_rows(p, end, [](__m512 sum, __m512, __m512 bias) { return _mm512_add_ps(sum, bias); });
    } else {
      write_rows(p, end, [](__m512 sum, __m512 scale, __m512 bias) { return _mm512_fmadd_ps(sum, scale, bias); });
    }
  }

  template <typename Finish>
  void write_rows(const Pending& p, unsigned end, Finish finish) {
    const float* scales = p.scale == nullptr ? p.bias : p.scale;
    const __m512 low_scale = _mm512_loadu_ps(scales), high_scale = _mm512_loadu_ps(scales + 16);
    const __m512 low_bias = _mm512_loadu_ps(p.bias), high_bias = _mm512_loadu_ps(p.bias + 16);
    const __m512 floor = p.relu ? _mm512_setzero_ps() : _mm512_set1_ps(-__builtin_inff());
    for (unsigned n = p.row; n < end; ++n) {
      const Sum* sums = sums_.data() + n * 32;
      // A NaN must stay one: the maximum gives its second operand then.
      const __m512 low = _mm512_max_ps(floor, finish(load_sums(sums), low_scale, low_bias));
      const __m512 high = _mm512_max_ps(floor, finish(load_sums(sums + 16), high_scale, high_bias));
      std::byte* to = (n < lanes ? p.to[0] : p.to[1]) + (n % lanes) * p.stride;
      if (p.lower != 0) {
        Vectors512::store_fine_codes(low, to, to + p.lower);
        Vectors512::store_fine_codes(high, to + 16, to + 16 + p.lower);
      } else if (p.codes) {
        _mm256_storeu_si256(reinterpret_cast<__m256i*>(to), to_codes(low, high));
      } else {
        _mm512_storeu_si512(to, reinterpret_cast<__m512i>(_mm512_cvtne2ps_pbh(high, low)));
      }
    }
  }
  static __m512 load_sums(const float* sums) { return _mm512_load_ps(sums); }
  static __m512 load_sums(const std::int32_t* sums) { return _mm512_cvtepi32_ps(_mm512_load_si512(sums)); }

  /// Rounded to nearest; 255 for what is larger. REQUIRES: nothing negative.
  static __m256i to_codes(__m512 low, __m512 high) {
    const __m256i a = _mm512_cvtusepi32_epi16(_mm512_cvtps_epu32(low));
    const __m256i b = _mm512_cvtusepi32_epi16(_mm512_cvtps_epu32(high));
    return _mm512_cvtusepi16_epi8(_mm512_inserti64x4(_mm512_castsi256_si512(a), b, 1));
  }

  std::int64_t stride_;
  int chunks_;
  Pending pending_;
  alignas(64) std::array<Sum, 1024> sums_;  ///< [2 positions][16 pictures][32 channels]
};

/// Weights of a layer that stay in the L1 cache beside its input.
constexpr std::int64_t small_weights = 20 << 10;

template <typename In>
void convolve_some(const ConvolutionTask& task) {
  const std::int64_t bytes = std::int64_t{task.geometry.taps()} * task.in_channels * 32 *
                             static_cast<std::int64_t>(sizeof(In) * task.panels.size());
  if (bytes > small_weights) {
    convolve<AmxKernel<In, true>>(task);
  } else {
    convolve<AmxKernel<In, false>>(task);
  }
}

template <typename In>
Kernels make_kernels(const char* name, Precision precision, const Kernels* uncoded) {
  return {.name = name,
          .precision = precision,
          .value_bytes = sizeof(In),
          .in_unit = row_bytes / static_cast<int>(sizeof(In)),
          .out_unit = 32,
          .widths = {32, 0},
          .tiles = true,
          .uncoded = uncoded,
          .begin = begin,
          .end = end,
          .convolve = convolve_some<In>,
          .winograd = nullptr,
          .patches = patches<Bf16>,
          .max_pool = max_pool<In>,
          .average_pool = average_pool<Bf16>,
          .mean = mean<Bf16>};
}

}  // namespace

const Kernels* amx_bf16_kernels() {
  static const Kernels kernels = make_kernels<Bf16>("amx-bf16", Precision::bf16, nullptr);
  return &kernels;
}

const Kernels* amx_int8_kernels() {
  static const Kernels kernels = make_kernels<std::uint8_t>("amx-int8", Precision::int8, amx_bf16_kernels());
  return &kernels;
}

}  // namespace pool3::network

#else
const pool3::network::Kernels* pool3::network::amx_bf16_kernels() { return nullptr; }
const pool3::network::Kernels* pool3::network::amx_int8_kernels() { return nullptr; }
#endif
