#pragma once
// Sixteen channels at a time. To be included by files that are compiled for AVX-512; see convolve.hpp.

#include <immintrin.h>

#include <cstddef>

namespace pool3::network {
namespace {

struct Vectors512 {
  static constexpr int channels = 16;
  using Floats = __m512;
  using Words = __m512i;

  static Floats load(const float* from) { return _mm512_loadu_ps(from); }
  static Words load(const std::byte* from) { return _mm512_loadu_si512(from); }
  static Floats to_floats(Words sums) { return _mm512_cvtepi32_ps(sums); }
  static Floats add(Floats a, Floats b) { return _mm512_add_ps(a, b); }
  static Floats multiply_add(Floats a, Floats b, Floats c) { return _mm512_fmadd_ps(a, b, c); }
  /// 0 for what is negative. A NaN stays one.
  static Floats relu(Floats value) { return _mm512_max_ps(_mm512_setzero_ps(), value); }
  static Words broadcast(int word) { return _mm512_set1_epi32(word); }
  /// The bf16 in the lower half of each word, and in the upper one.
  static Floats low(Words pairs) { return _mm512_castsi512_ps(_mm512_slli_epi32(pairs, 16)); }
  static Floats high(Words pairs) {
    return _mm512_castsi512_ps(_mm512_and_si512(pairs, _mm512_set1_epi32(static_cast<int>(0xffff0000U))));
  }

  /// Rounded to nearest, 255 for what is larger. REQUIRES: nothing negative.
  static void store_codes(Floats value, std::byte* to) {
    _mm_storeu_si128(reinterpret_cast<__m128i*>(to), _mm512_cvtusepi32_epi8(_mm512_cvtps_epu32(value)));
  }
  /// The same with 11 bits and 2047.
  static void store_fine_codes(Floats value, std::byte* upper, std::byte* lower) {
    const Words codes = _mm512_min_epu32(_mm512_cvtps_epu32(value), _mm512_set1_epi32(2047));
    _mm_storeu_si128(reinterpret_cast<__m128i*>(upper), _mm512_cvtepi32_epi8(_mm512_srli_epi32(codes, 3)));
    _mm_storeu_si128(reinterpret_cast<__m128i*>(lower),
                     _mm512_cvtepi32_epi8(_mm512_and_si512(codes, _mm512_set1_epi32(7))));
  }
  /// As VCVTNEPS2BF16 does it: to nearest even; what has no normal float is zero; a NaN stays one.
  static void store_bf16(Floats value, std::byte* to) {
    const Words bits = _mm512_castps_si512(value);
    const Words odd = _mm512_and_si512(_mm512_srli_epi32(bits, 16), _mm512_set1_epi32(1));
    Words rounded = _mm512_srli_epi32(_mm512_add_epi32(bits, _mm512_add_epi32(odd, _mm512_set1_epi32(0x7fff))), 16);
    const Words top = _mm512_srli_epi32(bits, 16);
    const __mmask16 tiny = _mm512_testn_epi32_mask(bits, _mm512_set1_epi32(0x7f800000));
    rounded = _mm512_mask_and_epi32(rounded, tiny, top, _mm512_set1_epi32(0x8000));
    const __mmask16 nan = _mm512_cmp_ps_mask(value, value, _CMP_UNORD_Q);
    rounded = _mm512_mask_or_epi32(rounded, nan, top, _mm512_set1_epi32(0x40));
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(to), _mm512_cvtepi32_epi16(rounded));
  }
};

}  // namespace
}  // namespace pool3::network
