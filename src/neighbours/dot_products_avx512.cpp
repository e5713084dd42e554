// Compiled for AVX-512.

#ifdef __AVX512F__
#include <immintrin.h>

#include "neighbours/dot_products_body.hpp"
#else
#include "neighbours/dot_products.hpp"
#endif

namespace pool3::neighbours {

#ifdef __AVX512F__
namespace {

struct Avx512 {
  using Vector = __m512;
  static constexpr std::int64_t lanes = 16;
  static Vector zero() { return _mm512_setzero_ps(); }
  static Vector load(const float* at) { return _mm512_loadu_ps(at); }
  /// Zeros from number `count` on, which are not read. (Of halves, a vector is half a line.)
  static Vector load_part(const float* at, std::int64_t count) {
    return _mm512_maskz_loadu_ps(static_cast<__mmask16>((1U << static_cast<unsigned>(count)) - 1), at);
  }
  static Vector load(const std::uint16_t* at) {
    return _mm512_cvtph_ps(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(at)));
  }
  static Vector fma(Vector a, Vector b, Vector c) { return _mm512_fmadd_ps(a, b, c); }
  static float sum(Vector a) { return _mm512_reduce_add_ps(a); }
};

}  // namespace

DotKernels dots_avx512() { return {"avx512", pass_over<Avx512, float>, pass_over<Avx512, std::uint16_t>}; }
#else
DotKernels dots_avx512() { return {"avx512", nullptr, nullptr}; }
#endif

}  // namespace pool3::neighbours
