#include "network/kernels/kernel_table.hpp"

#if defined(__AVXVNNI__)
#include "network/kernels/dot_convolution.hpp"
#include "network/kernels/vector_kernels.hpp"
#include "network/kernels/vectors256.hpp"

namespace pool3::network {
namespace {

/// VPDPBUSD: four codes by four weights of 8 bits, whose sum is exact.
struct Vnni256 {
  using Value = std::uint8_t;
  using Vectors = Vectors256;
  using Sum = __m256i;
  static void multiply_add(Sum& sum, __m256i codes, __m256i weights) {
    asm("%{vex%} vpdpbusd %2, %1, %0" : "+x"(sum) : "x"(codes), "x"(weights));
  }
  static __m256 to_floats(Sum sum) { return Vectors::to_floats(sum); }
};

}  // namespace

const Kernels* avx2_vnni_kernels() {
  const Kernels* exact = avx2_exact_kernels();  // outside: what might throw would need code that files share
  static const Kernels kernels = vector_kernels<DotKernel<Vnni256, 4>>("avx2-vnni", {4, 16, 48, 32}, exact);
  return &kernels;
}

}  // namespace pool3::network

#else
const pool3::network::Kernels* pool3::network::avx2_vnni_kernels() { return nullptr; }
#endif
