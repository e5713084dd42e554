#if defined(__x86_64__)
#include <cpuid.h>
#include <sys/syscall.h>
#include <unistd.h>
#endif

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <cstdlib>

#include "pool3/error.hpp"
#include "pool3/network.hpp"

namespace pool3 {
namespace {

#if defined(__x86_64__)
/// AVX-VNNI, which GCC 12 can't ask for.
bool has_avx_vnni() {
  unsigned a = 0, b = 0, c = 0, d = 0;
  return __get_cpuid_count(7, 1, &a, &b, &c, &d) != 0 && (a & 1U << 4U) != 0;
}

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

/// What the CPU itself has.
bool find(Instructions instructions) {
  switch (instructions) {
    case Instructions::any:
      return true;
    case Instructions::avx2:
      return __builtin_cpu_supports("avx2") != 0 && __builtin_cpu_supports("fma") != 0;
    case Instructions::avx2_vnni:
      return find(Instructions::avx2) && has_avx_vnni();
    case Instructions::avx512:
      return find(Instructions::avx2) && __builtin_cpu_supports("avx512f") != 0 &&
             __builtin_cpu_supports("avx512bw") != 0 && __builtin_cpu_supports("avx512dq") != 0 &&
             __builtin_cpu_supports("avx512vl") != 0 && __builtin_cpu_supports("avx512cd") != 0;
    case Instructions::avx512_vnni:
      return find(Instructions::avx512) && __builtin_cpu_supports("avx512vnni") != 0;
    case Instructions::avx512_bf16:
      return find(Instructions::avx512_vnni) && __builtin_cpu_supports("avx512bf16") != 0;
    case Instructions::amx:
      return find(Instructions::avx512_bf16) && may_use_amx();
  }
  return false;
}
#else
bool find(Instructions instructions) { return instructions == Instructions::any; }
#endif

constexpr auto all_instructions = [] {
  std::array<Instructions, instruction_names.size()> all{};
  for (std::size_t i = 0; i < all.size(); ++i) all[i] = static_cast<Instructions>(i);
  return all;
}();

using Found = std::array<bool, instruction_names.size()>;

/// The best set that the user allows.
Instructions allowed() {
  const char* wanted = std::getenv("POOL3_MAX_INSTRUCTIONS");
  if (wanted == nullptr || *wanted == '\0') return all_instructions.back();
  const auto* const named = std::ranges::find(instruction_names, wanted);
  if (named == instruction_names.end())
    throw usage_error(fmt::format("POOL3_MAX_INSTRUCTIONS is '{}'", wanted),
                      fmt::format("set it to one of {}, or unset it", fmt::join(instruction_names, ", ")));
  return all_instructions.at(static_cast<std::size_t>(named - instruction_names.begin()));
}

/// Throws once and again where allowed() does.
const Found& found() {
  static const Found here = [] {
    const Instructions most = allowed();
    Found all{};
    for (const Instructions i : all_instructions) {
      // A limit above AVX2 with AVX-VNNI lets that pass as well.
      const bool passes = includes(most, i) || (i == Instructions::avx2_vnni && most > Instructions::avx512_vnni);
      all.at(static_cast<std::size_t>(i)) = passes && find(i);
    }
    return all;
  }();
  return here;
}

}  // namespace

bool cpu_has(Instructions instructions) { return found().at(static_cast<std::size_t>(instructions)); }

Instructions cpu_instructions() {
  const auto best = std::ranges::find_if(all_instructions.rbegin(), all_instructions.rend(), cpu_has);
  return *best;
}

std::string_view to_string(Instructions instructions) {
  switch (instructions) {
    case Instructions::any:
      break;
    case Instructions::avx2:
      return "AVX2";
    case Instructions::avx2_vnni:
      return "AVX2 with AVX-VNNI";
    case Instructions::avx512:
      return "AVX-512";
    case Instructions::avx512_vnni:
      return "AVX-512 VNNI";
    case Instructions::avx512_bf16:
      return "AVX-512 BF16";
    case Instructions::amx:
      return "AMX";
  }
  return "LibTorch";
}

}  // namespace pool3
