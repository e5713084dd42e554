#include "network/kernels/fp32_convolution.hpp"
#include "network/kernels/kernel_table.hpp"

#if defined(__AVX2__) && defined(__FMA__)
const pool3::network::Kernels* pool3::network::avx2_fp32_kernels() { return fp32_kernels<8, 4>("avx2-fp32"); }
#else
const pool3::network::Kernels* pool3::network::avx2_fp32_kernels() { return nullptr; }
#endif
