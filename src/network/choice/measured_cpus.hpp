#pragma once
// CPUs on which bf16 was measured against fp32, by bench/compare network. A model that is not here is timed where it
// runs: a figure of one CPU says nothing of its neighbours, let alone of other makers'.

#include "network/choice/cpu_model.hpp"
#include "pool3/network.hpp"

namespace pool3::network {

struct MeasuredCpu {
  const char* vendor;
  int family, model;
  const char* people_say;
  Instructions instructions;  ///< that bf16 took
  double gain;                ///< bf16's rate, divided by fp32's with the same instructions
};

/// Null: nobody has measured it with these instructions.
[[nodiscard]] const MeasuredCpu* find_measured(const CpuModel& cpu, Instructions instructions);

}  // namespace pool3::network
