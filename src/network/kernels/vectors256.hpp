#pragma once
// Eight channels at a time. To be included by files that are compiled for AVX2; see convolve.hpp. What they give is
// what vectors512.hpp gives.

#include <immintrin.h>

#include <cstddef>

namespace pool3::network {
namespace {

struct Vectors256 {
  static constexpr int channels = 8;
  using Floats = __m256;
  using Words = __m256i;

  static Floats load(const float* from) { return _mm256_loadu_ps(from); }
  static Words load(const std::byte* from) { return _mm256_loadu_si256(reinterpret_cast<const Words*>(from)); }
  static Floats to_floats(Words sums) { return _mm256_cvtepi32_ps(sums); }
  static Floats add(Floats a, Floats b) { return _mm256_add_ps(a, b); }
  static Floats multiply_add(Floats a, Floats b, Floats c) { return _mm256_fmadd_ps(a, b, c); }
  static Floats relu(Floats value) { return _mm256_max_ps(_mm256_setzero_ps(), value); }
  static Words broadcast(int word) { return _mm256_set1_epi32(word); }
  static Floats low(Words pairs) { return _mm256_castsi256_ps(_mm256_slli_epi32(pairs, 16)); }
  static Floats high(Words pairs) {
    return _mm256_castsi256_ps(_mm256_and_si256(pairs, _mm256_set1_epi32(static_cast<int>(0xffff0000U))));
  }

  static void store_codes(Floats value, std::byte* to) {
    // The minimum gives its second operand for a NaN: 255, as with AVX-512.
    store_bytes(_mm256_cvtps_epi32(_mm256_min_ps(value, _mm256_set1_ps(255.0F))), to);
  }
  static void store_fine_codes(Floats value, std::byte* upper, std::byte* lower) {
    const Words codes = _mm256_cvtps_epi32(_mm256_min_ps(value, _mm256_set1_ps(2047.0F)));
    store_bytes(_mm256_srli_epi32(codes, 3), upper);
    store_bytes(_mm256_and_si256(codes, _mm256_set1_epi32(7)), lower);
  }
  static void store_bf16(Floats value, std::byte* to) {
    const Words bits = _mm256_castps_si256(value), top = _mm256_srli_epi32(bits, 16);
    const Words odd = _mm256_and_si256(top, _mm256_set1_epi32(1));
    const Words rounded =
        _mm256_srli_epi32(_mm256_add_epi32(bits, _mm256_add_epi32(odd, _mm256_set1_epi32(0x7fff))), 16);
    const Words exponent = _mm256_and_si256(bits, _mm256_set1_epi32(0x7f800000));
    const Words tiny = _mm256_cmpeq_epi32(exponent, _mm256_setzero_si256());
    const Words sign = _mm256_and_si256(top, _mm256_set1_epi32(0x8000));
    const Words nan = _mm256_castps_si256(_mm256_cmp_ps(value, value, _CMP_UNORD_Q));
    const Words quiet = _mm256_or_si256(top, _mm256_set1_epi32(0x40));
    const Words chosen = _mm256_blendv_epi8(_mm256_blendv_epi8(rounded, sign, tiny), quiet, nan);
    _mm_storeu_si128(reinterpret_cast<__m128i*>(to), packed(chosen));
  }

 private:
  static void store_bytes(Words codes, std::byte* to) {
    const __m128i halves = packed(codes);
    _mm_storel_epi64(reinterpret_cast<__m128i*>(to), _mm_packus_epi16(halves, halves));
  }
  /// Words below 2^16 as halves.
  static __m128i packed(Words words) {
    return _mm_packus_epi32(_mm256_castsi256_si128(words), _mm256_extracti128_si256(words, 1));
  }
};

}  // namespace
}  // namespace pool3::network
