// Apart from the products: this must run on every CPU.

#include "split_products.hpp"

#if defined(__x86_64__)
#include <cpuid.h>
#include <sys/syscall.h>
#include <unistd.h>
#endif

namespace pool3::svm {
namespace {

#if defined(__x86_64__)
/// Whether the CPU has AMX with bf16, and AVX-512, and the system lets this process use them. Asks the system for the
/// permission, which lasts as long as the process.
bool may_use_tiles() {
  if (__builtin_cpu_supports("avx512f") == 0 || __builtin_cpu_supports("avx512bw") == 0 ||
      __builtin_cpu_supports("avx512dq") == 0 || __builtin_cpu_supports("avx512vl") == 0)
    return false;
  unsigned a = 0, b = 0, c = 0, d = 0;
  if (__get_cpuid_count(7, 0, &a, &b, &c, &d) == 0) return false;
  constexpr unsigned amx = 1U << 22U | 1U << 24U;  // bf16, tiles
  if ((d & amx) != amx) return false;
  constexpr long request_permission = 0x1023, tile_data = 18;  // ARCH_REQ_XCOMP_PERM, XFEATURE_XTILEDATA
  return ::syscall(SYS_arch_prctl, request_permission, tile_data) == 0;
}
#else
bool may_use_tiles() { return false; }
#endif

}  // namespace

bool has_split_products() {
  static const bool can = may_use_tiles();
  return can;
}

}  // namespace pool3::svm
