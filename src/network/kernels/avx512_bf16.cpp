#include "network/kernels/kernel_table.hpp"

#if defined(__AVX512BF16__)
#include "network/kernels/dot_convolution.hpp"
#include "network/kernels/vector_kernels.hpp"
#include "network/kernels/vectors512.hpp"

namespace pool3::network {
namespace {

struct Bf16Vectors : Vectors512 {
  static void store_bf16(Floats value, std::byte* to) {
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(to), reinterpret_cast<__m256i>(_mm512_cvtneps_pbh(value)));
  }
};

struct Bf16Dot {
  using Value = Bf16;
  using Vectors = Bf16Vectors;
  using Sum = __m512;
  static void multiply_add(Sum& sum, __m512i values, __m512i weights) {
    asm("vdpbf16ps %2, %1, %0" : "+v"(sum) : "v"(values), "v"(weights));
  }
  static __m512 to_floats(Sum sum) { return sum; }
};

}  // namespace

const Kernels* avx512_bf16_kernels() {
  static const Kernels kernels = vector_kernels<DotKernel<Bf16Dot, 8>>("avx512-bf16", {2, 16, 48, 32});
  return &kernels;
}

}  // namespace pool3::network

#else
const pool3::network::Kernels* pool3::network::avx512_bf16_kernels() { return nullptr; }
#endif
