#pragma once
// The table of kernels that compute with vectors. To be included by one file for each; see convolve.hpp.

#include "network/kernels/convolve.hpp"
#include "network/kernels/pools.hpp"

namespace pool3::network {
namespace {

void nothing_to_prepare() {}

/// See Kernels.
struct Units {
  int in, out, wide, narrow;
};

/// Kernel: as for convolve(); its Value is what is read: float, bf16 or codes. What is not in codes is bf16 there.
template <typename Kernel>
Kernels vector_kernels(const char* name, const Units& units, const Kernels* uncoded = nullptr) {
  using Value = typename Kernel::Value;
  constexpr bool codes = sizeof(Value) == 1;
  using Uncoded = std::conditional_t<codes, Bf16, Value>;
  return {.name = name,
          .precision = codes                ? Precision::int8
                       : sizeof(Value) == 2 ? Precision::bf16
                                            : Precision::fp32,
          .value_bytes = sizeof(Value),
          .in_unit = units.in,
          .out_unit = units.out,
          .widths = {units.wide, units.narrow},
          .tiles = false,
          .uncoded = uncoded,
          .begin = nothing_to_prepare,
          .end = nothing_to_prepare,
          .convolve = convolve<Kernel>,
          .winograd = nullptr,
          .patches = patches<Uncoded>,
          .max_pool = max_pool<Value>,
          .average_pool = average_pool<Uncoded>,
          .mean = mean<Uncoded>};
}

}  // namespace
}  // namespace pool3::network
