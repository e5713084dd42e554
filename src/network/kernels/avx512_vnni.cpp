#include "network/kernels/kernel_table.hpp"

#if defined(__AVX512VNNI__)
#include "network/kernels/dot_convolution.hpp"
#include "network/kernels/vector_kernels.hpp"
#include "network/kernels/vectors512.hpp"

namespace pool3::network {
namespace {

/// VPDPBUSD: four codes by four weights of 8 bits, whose sum is exact.
struct Vnni512 {
  using Value = std::uint8_t;
  using Vectors = Vectors512;
  using Sum = __m512i;
  static void multiply_add(Sum& sum, __m512i codes, __m512i weights) {
    asm("vpdpbusd %2, %1, %0" : "+v"(sum) : "v"(codes), "v"(weights));
  }
  static __m512 to_floats(Sum sum) { return Vectors::to_floats(sum); }
};

}  // namespace

const Kernels* avx512_vnni_kernels() {
  const Kernels* exact = avx512_exact_kernels();  // outside: what might throw would need code that files share
  static const Kernels kernels = vector_kernels<DotKernel<Vnni512, 8>>("avx512-vnni", {4, 16, 48, 32}, exact);
  return &kernels;
}

}  // namespace pool3::network

#else
const pool3::network::Kernels* pool3::network::avx512_vnni_kernels() { return nullptr; }
#endif
