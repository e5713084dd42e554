#include "pool3/network.hpp"

namespace pool3 {

bool cpu_has_bf16() {
#if defined(__x86_64__)
  // Every CPU with AMX-BF16 so far has AVX512-BF16 too; the builtin also asks whether the system saves its registers.
  return __builtin_cpu_supports("avx512bf16") != 0;
#else
  return false;
#endif
}

}  // namespace pool3
