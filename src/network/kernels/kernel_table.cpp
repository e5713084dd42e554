#include "network/kernels/kernel_table.hpp"

#include <array>

namespace pool3::network {
namespace {

constexpr std::array<KernelsEntry, 7> table = {{
    {Precision::int8, Instructions::amx, amx_int8_kernels},
    {Precision::int8, Instructions::avx512_vnni, avx512_vnni_kernels},
    {Precision::int8, Instructions::avx2_vnni, avx2_vnni_kernels},
    {Precision::bf16, Instructions::amx, amx_bf16_kernels},
    {Precision::bf16, Instructions::avx512_bf16, avx512_bf16_kernels},
    {Precision::fp32, Instructions::avx512, avx512_fp32_kernels},
    {Precision::fp32, Instructions::avx2, avx2_fp32_kernels},
}};

}  // namespace

std::span<const KernelsEntry> kernels_table() { return table; }

const Kernels* exact_kernels() {
  if (cpu_has(Instructions::avx512)) return avx512_exact_kernels();
  return cpu_has(Instructions::avx2) ? avx2_exact_kernels() : nullptr;
}

const Kernels* find_kernels(Precision precision, Instructions have) {
  for (const KernelsEntry& entry : table) {
    if (entry.precision != precision || !includes(have, entry.needs)) continue;
    if (const Kernels* kernels = entry.get()) return kernels;
  }
  return nullptr;
}

}  // namespace pool3::network
