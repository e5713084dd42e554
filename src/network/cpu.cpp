#if defined(__x86_64__)
#include <cpuid.h>
#include <sys/syscall.h>
#include <unistd.h>
#endif

#include "pool3/network.hpp"

namespace pool3 {
namespace {

#if defined(__x86_64__)
/// Whether the CPU has AMX with bf16 and int8, and the system lets this process use it. Asks the system for the
/// permission, which lasts as long as the process.
bool may_use_amx() {
  unsigned a = 0, b = 0, c = 0, d = 0;
  if (__get_cpuid_count(7, 0, &a, &b, &c, &d) == 0) return false;
  constexpr unsigned amx = 1U << 22U | 1U << 24U | 1U << 25U;  // bf16, tiles, int8
  if ((d & amx) != amx) return false;
  constexpr long request_permission = 0x1023, tile_data = 18;  // ARCH_REQ_XCOMP_PERM, XFEATURE_XTILEDATA
  return ::syscall(SYS_arch_prctl, request_permission, tile_data) == 0;
}

Instructions find_instructions() {
  if (__builtin_cpu_supports("avx2") == 0 || __builtin_cpu_supports("fma") == 0) return Instructions::any;
  const bool avx512 = __builtin_cpu_supports("avx512f") != 0 && __builtin_cpu_supports("avx512bw") != 0 &&
                      __builtin_cpu_supports("avx512dq") != 0 && __builtin_cpu_supports("avx512vl") != 0 &&
                      __builtin_cpu_supports("avx512cd") != 0;
  if (!avx512) return Instructions::avx2;
  if (__builtin_cpu_supports("avx512bf16") == 0) return Instructions::avx512;
  return may_use_amx() ? Instructions::amx : Instructions::avx512_bf16;
}
#else
Instructions find_instructions() { return Instructions::any; }
#endif

}  // namespace

Instructions cpu_instructions() {
  static const Instructions found = find_instructions();
  return found;
}

std::string_view to_string(Instructions instructions) {
  switch (instructions) {
    case Instructions::any:
      break;
    case Instructions::avx2:
      return "AVX2";
    case Instructions::avx512:
      return "AVX-512";
    case Instructions::avx512_bf16:
      return "AVX-512 BF16";
    case Instructions::amx:
      return "AMX";
  }
  return "LibTorch";
}

}  // namespace pool3
