#include "network/kernels/kernel_table.hpp"

#if defined(__AVX512F__)
#include "network/kernels/exact_convolution.hpp"
#include "network/kernels/vectors512.hpp"
const pool3::network::Kernels* pool3::network::avx512_exact_kernels() {
  return exact_kernels<Vectors512, 4>("avx512-exact");
}
#else
const pool3::network::Kernels* pool3::network::avx512_exact_kernels() { return nullptr; }
#endif
