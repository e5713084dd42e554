#include "network/kernels/fp32_convolution.hpp"
#include "network/kernels/kernel_table.hpp"

#if defined(__AVX512F__)
const pool3::network::Kernels* pool3::network::avx512_fp32_kernels() { return fp32_kernels<16, 8>("avx512-fp32"); }
#else
const pool3::network::Kernels* pool3::network::avx512_fp32_kernels() { return nullptr; }
#endif
