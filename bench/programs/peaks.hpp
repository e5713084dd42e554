#pragma once
// What one core reaches with an instruction that reads and writes registers alone: the peak that kernels are held
// against.

#include <algorithm>
#include <cstdint>
#include <ctime>

#include "pool3/network.hpp"

namespace pool3::bench {

inline double cpu_seconds() {
  timespec now{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
}

#if defined(__x86_64__)
// Twelve independent chains. Numbers that are zero are as fast as others.
#define POOL3_CHAIN(instruction, kind, n) instruction " %%" kind "15, %%" kind "14, %%" kind #n "\n\t"
#define POOL3_CHAINS(instruction, kind) \
  POOL3_CHAIN(instruction, kind, 0)     \
  POOL3_CHAIN(instruction, kind, 1)     \
  POOL3_CHAIN(instruction, kind, 2)     \
  POOL3_CHAIN(instruction, kind, 3)     \
  POOL3_CHAIN(instruction, kind, 4)     \
  POOL3_CHAIN(instruction, kind, 5)     \
  POOL3_CHAIN(instruction, kind, 6)     \
  POOL3_CHAIN(instruction, kind, 7)     \
  POOL3_CHAIN(instruction, kind, 8)     \
  POOL3_CHAIN(instruction, kind, 9)     \
  POOL3_CHAIN(instruction, kind, 10)    \
  POOL3_CHAIN(instruction, kind, 11)
#define POOL3_LOOP(body)                                                                                             \
  asm volatile("1:\n\t" body "dec %0\n\tjnz 1b"                                                                      \
               : "+r"(rounds)::"cc", "xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5", "xmm6", "xmm7", "xmm8", "xmm9", \
                 "xmm10", "xmm11")
#define POOL3_VECTORS(instruction, kind) \
  POOL3_LOOP("vpxor %%xmm14, %%xmm14, %%xmm14\n\tvpxor %%xmm15, %%xmm15, %%xmm15\n\t" POOL3_CHAINS(instruction, kind))

/// Sixteen rows of 64 bytes in each of the eight tiles.
struct alignas(64) Tiles {
  std::uint8_t bytes[64] = {1};  // NOLINT(modernize-avoid-c-arrays)
  Tiles() {
    for (int t = 0; t < 8; ++t) bytes[16 + 2 * t] = 64, bytes[48 + t] = 16;
  }
};
#define POOL3_TILES(instruction)                                                                               \
  do {                                                                                                         \
    const Tiles tiles;                                                                                         \
    asm volatile("ldtilecfg %0" ::"m"(tiles));                                                                 \
    POOL3_LOOP(instruction " %%tmm7, %%tmm6, %%tmm0\n\t" instruction " %%tmm7, %%tmm6, %%tmm1\n\t" instruction \
                           " %%tmm7, %%tmm6, %%tmm2\n\t" instruction " %%tmm7, %%tmm6, %%tmm3\n\t");           \
    asm volatile("tilerelease");                                                                               \
  } while (false)

/// Runs a loop; returns its multiplications and additions.
inline double peak_loop(Precision precision, Instructions instructions, std::int64_t rounds) {
  const double loops = static_cast<double>(rounds), words = 12 * 2 * loops;  // of one lane
  using enum Instructions;
  if (precision == Precision::fp32 && instructions == avx2) {
    POOL3_VECTORS("vfmadd231ps", "ymm");
    return 8 * words;
  }
  if (precision == Precision::fp32) {
    POOL3_VECTORS("vfmadd231ps", "zmm");
    return 16 * words;
  }
  if (precision == Precision::bf16 && instructions == avx512_bf16) {
    POOL3_VECTORS("vdpbf16ps", "zmm");
    return 16 * 2 * words;
  }
  if (precision == Precision::int8 && instructions == avx2_vnni) {
    POOL3_VECTORS("%{vex%} vpdpbusd", "ymm");
    return 8 * 4 * words;
  }
  if (precision == Precision::int8 && instructions == avx512_vnni) {
    POOL3_VECTORS("vpdpbusd", "zmm");
    return 16 * 4 * words;
  }
  if (precision == Precision::bf16) {
    POOL3_TILES("tdpbf16ps");
    return 4 * 16 * 16 * 32 * 2 * loops;
  }
  POOL3_TILES("tdpbusd");
  return 4 * 16 * 16 * 64 * 2 * loops;
}
#else
inline double peak_loop(Precision, Instructions, std::int64_t) { return 0; }
#endif

/// Operations a second of CPU time, the best of a few tries. REQUIRES: cpu_has(instructions), and there are kernels of
/// this precision that need just them.
inline double peak(Precision precision, Instructions instructions) {
  double best = 0;
  for (int i = 0; i < 8; ++i) {
    const double start = cpu_seconds();
    const double operations = peak_loop(precision, instructions, 400'000);
    best = std::max(best, operations / (cpu_seconds() - start));
  }
  return best;
}

}  // namespace pool3::bench
