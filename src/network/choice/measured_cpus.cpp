#include "network/choice/measured_cpus.hpp"

#include <algorithm>
#include <array>

namespace pool3::network {
namespace {

// docs/measurements/network.md has the figures.
constexpr std::array<MeasuredCpu, 3> table = {{
    {"GenuineIntel", 6, 143, "a Xeon of the Sapphire Rapids kind", Instructions::amx, 6.5},
    {"GenuineIntel", 6, 143, "a Xeon of the Sapphire Rapids kind", Instructions::avx512_bf16, 0.62},
    {"AuthenticAMD", 26, 2, "an EPYC of the Zen 5 kind", Instructions::avx512_bf16, 1.7},
}};

}  // namespace

const MeasuredCpu* find_measured(const CpuModel& cpu, Instructions instructions) {
  const auto* const found = std::ranges::find_if(table, [&](const MeasuredCpu& m) {
    return m.vendor == cpu.vendor && m.family == cpu.family && m.model == cpu.model && m.instructions == instructions;
  });
  return found == table.end() ? nullptr : found;
}

}  // namespace pool3::network
