#include "network/kernels/table.hpp"

#if defined(__AVXVNNI__)
#include "network/kernels/vectors256.hpp"
#include "network/kernels/vnni.hpp"

namespace pool3::network {
namespace {

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

const Kernels* avx2_vnni_kernels() { return vnni_kernels<Vnni256, 4>("avx2-vnni", avx2_exact_kernels()); }

}  // namespace pool3::network

#else
const pool3::network::Kernels* pool3::network::avx2_vnni_kernels() { return nullptr; }
#endif
