#include "network/kernels/kernel_table.hpp"

#if defined(__AMX_BF16__) && defined(__AMX_INT8__) && defined(__AVX512BF16__)
#include <immintrin.h>

#include "network/kernels/tile_convolution.hpp"
#include "network/kernels/vectors512.hpp"

namespace pool3::network {
namespace {

/// The palette of eight full tiles; see Intel's Architecture Instruction Set Extensions reference, LDTILECFG.
struct alignas(64) TileConfiguration {
  std::uint8_t palette = 1, start_row = 0;
  std::array<std::uint8_t, 14> reserved{};
  std::array<std::uint16_t, 16> row_bytes{64, 64, 64, 64, 64, 64, 64, 64};
  std::array<std::uint8_t, 16> rows{16, 16, 16, 16, 16, 16, 16, 16};
};

/// Sixteen floats, two of which are stored at once.
struct AmxVectors : Vectors512 {
  static Floats all_of(float value) { return _mm512_set1_ps(value); }
  /// A NaN stays one: the maximum gives its second operand then.
  static Floats at_least(Floats floor, Floats value) { return _mm512_max_ps(floor, value); }
  static Floats load_sums(const float* sums) { return _mm512_load_ps(sums); }
  static Floats load_sums(const std::int32_t* sums) { return to_floats(_mm512_load_si512(sums)); }
  /// Rounded to nearest; 255 for what is larger. REQUIRES: nothing negative.
  static void store_codes(Floats low, Floats high, std::byte* to) {
    const __m256i a = _mm512_cvtusepi32_epi16(_mm512_cvtps_epu32(low));
    const __m256i b = _mm512_cvtusepi32_epi16(_mm512_cvtps_epu32(high));
    const __m256i codes = _mm512_cvtusepi16_epi8(_mm512_inserti64x4(_mm512_castsi256_si512(a), b, 1));
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(to), codes);
  }
  static void store_bf16(Floats low, Floats high, std::byte* to) {
    _mm512_storeu_si512(to, reinterpret_cast<__m512i>(_mm512_cvtne2ps_pbh(high, low)));
  }
};

/// The names of tiles must be literals.
struct AmxTiles {
  using Vectors = AmxVectors;

  static void begin() {
    static const TileConfiguration configuration;
    _tile_loadconfig(&configuration);
  }
  static void end() { _tile_release(); }

  template <int tile>
  static void zero() {
    if constexpr (tile == 0) _tile_zero(0);
    if constexpr (tile == 1) _tile_zero(1);
    if constexpr (tile == 2) _tile_zero(2);
    if constexpr (tile == 3) _tile_zero(3);
  }
  template <int tile>
  static void store(void* to, std::int64_t stride) {
    if constexpr (tile == 0) _tile_stored(0, to, stride);
    if constexpr (tile == 1) _tile_stored(1, to, stride);
    if constexpr (tile == 2) _tile_stored(2, to, stride);
    if constexpr (tile == 3) _tile_stored(3, to, stride);
  }
  template <int tile>
  static void load(const std::byte* from, std::int64_t stride) {
    if constexpr (tile == 4) _tile_loadd(4, from, stride);
    if constexpr (tile == 5) _tile_loadd(5, from, stride);
  }
  /// Weights that don't fit into the L1 cache pass it by, and leave it to the input.
  template <int tile, bool past_cache>
  static void load_weights(const std::byte* from) {
    if constexpr (tile == 6 && past_cache) _tile_stream_loadd(6, from, 64);
    if constexpr (tile == 6 && !past_cache) _tile_loadd(6, from, 64);
    if constexpr (tile == 7 && past_cache) _tile_stream_loadd(7, from, 64);
    if constexpr (tile == 7 && !past_cache) _tile_loadd(7, from, 64);
  }
  template <typename In, int sum, int a, int b>
  static void multiply() {
    static_assert(sum == 2 * (a - 4) + b - 6);
    if constexpr (sizeof(In) == 1) {
      if constexpr (sum == 0) _tile_dpbusd(0, 4, 6);
      if constexpr (sum == 1) _tile_dpbusd(1, 4, 7);
      if constexpr (sum == 2) _tile_dpbusd(2, 5, 6);
      if constexpr (sum == 3) _tile_dpbusd(3, 5, 7);
    } else {
      if constexpr (sum == 0) _tile_dpbf16ps(0, 4, 6);
      if constexpr (sum == 1) _tile_dpbf16ps(1, 4, 7);
      if constexpr (sum == 2) _tile_dpbf16ps(2, 5, 6);
      if constexpr (sum == 3) _tile_dpbf16ps(3, 5, 7);
    }
  }
};

}  // namespace

const Kernels* amx_bf16_kernels() {
  static const Kernels kernels = tile_kernels<AmxTiles, Bf16>("amx-bf16");
  return &kernels;
}

const Kernels* amx_int8_kernels() {
  static const Kernels kernels = tile_kernels<AmxTiles, std::uint8_t>("amx-int8", amx_bf16_kernels());
  return &kernels;
}

}  // namespace pool3::network

#else
const pool3::network::Kernels* pool3::network::amx_bf16_kernels() { return nullptr; }
const pool3::network::Kernels* pool3::network::amx_int8_kernels() { return nullptr; }
#endif
