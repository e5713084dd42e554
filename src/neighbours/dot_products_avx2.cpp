// Compiled for AVX2 with FMA and F16C, which every CPU with both of these has.

#ifdef __F16C__
#include <immintrin.h>

#include "neighbours/dot_products_body.hpp"
#else
#include "neighbours/dot_products.hpp"
#endif

namespace pool3::neighbours {

#ifdef __F16C__
namespace {

struct Avx2 {
  using Vector = __m256;
  static constexpr std::int64_t lanes = 8;
  static Vector zero() { return _mm256_setzero_ps(); }
  static Vector load(const float* at) { return _mm256_loadu_ps(at); }
  static Vector load(const std::uint16_t* at) {
    return _mm256_cvtph_ps(_mm_loadu_si128(reinterpret_cast<const __m128i*>(at)));
  }
  static Vector fma(Vector a, Vector b, Vector c) { return _mm256_fmadd_ps(a, b, c); }
  static float sum(Vector a) {
    const __m128 half = _mm_add_ps(_mm256_castps256_ps128(a), _mm256_extractf128_ps(a, 1));
    const __m128 quarter = _mm_add_ps(half, _mm_movehl_ps(half, half));
    return _mm_cvtss_f32(_mm_add_ss(quarter, _mm_shuffle_ps(quarter, quarter, 1)));
  }
};

}  // namespace

DotKernels dots_avx2() { return {"avx2", pass_over<Avx2, float>, pass_over<Avx2, std::uint16_t>}; }
#else
DotKernels dots_avx2() { return {"avx2", nullptr, nullptr}; }
#endif

}  // namespace pool3::neighbours
