#include "network/kernels/kernel_table.hpp"

#if defined(__AVX2__) && defined(__FMA__)
#include "network/kernels/exact_convolution.hpp"
#include "network/kernels/vectors256.hpp"
const pool3::network::Kernels* pool3::network::avx2_exact_kernels() {
  return exact_kernels<Vectors256, 2>("avx2-exact");
}
#else
const pool3::network::Kernels* pool3::network::avx2_exact_kernels() { return nullptr; }
#endif
