#pragma once
// int8 by VPDPBUSD: four codes of 8 bits by four weights, whose sum has 32 bits and is exact. To be included by one
// file for each length of vectors; see convolve.hpp.

#include "network/kernels/dot.hpp"
#include "network/kernels/pools.hpp"

namespace pool3::network {
namespace {

void nothing_to_prepare() {}

/// `exact`: for what is not in codes.
template <typename Arithmetic, int rows>
const Kernels* vnni_kernels(const char* name, const Kernels* exact) {
  static const Kernels kernels = {.name = name,
                                  .precision = Precision::int8,
                                  .value_bytes = 1,
                                  .in_unit = 4,
                                  .out_unit = 16,
                                  .widths = {48, 32},
                                  .tiles = false,
                                  .uncoded = exact,
                                  .begin = nothing_to_prepare,
                                  .end = nothing_to_prepare,
                                  .convolve = convolve<DotKernel<Arithmetic, rows>>,
                                  .winograd = nullptr,
                                  .patches = patches<Bf16>,
                                  .max_pool = max_pool<std::uint8_t>,
                                  .average_pool = average_pool<Bf16>,
                                  .mean = mean<Bf16>};
  return &kernels;
}

}  // namespace
}  // namespace pool3::network
