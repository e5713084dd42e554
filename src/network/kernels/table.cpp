#include "network/kernels/table.hpp"

#include <array>

namespace pool3::network {
namespace {

constexpr std::array<KernelsEntry, 5> table = {{
    {Precision::int8, Instructions::amx, amx_int8_kernels},
    {Precision::bf16, Instructions::amx, amx_bf16_kernels},
    {Precision::bf16, Instructions::avx512_bf16, avx512_bf16_kernels},
    {Precision::fp32, Instructions::avx512, avx512_fp32_kernels},
    {Precision::fp32, Instructions::avx2, avx2_fp32_kernels},
}};

}  // namespace

std::span<const KernelsEntry> kernels_table() { return table; }

const Kernels* find_kernels(Precision precision, Instructions have) {
  for (const KernelsEntry& entry : table) {
    if (entry.precision != precision || entry.needs > have) continue;
    if (const Kernels* kernels = entry.get()) return kernels;
  }
  return nullptr;
}

}  // namespace pool3::network
