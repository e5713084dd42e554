// Which precision is fastest on this CPU.

#include <fmt/format.h>

#include "network/cache/cache_folder.hpp"
#include "network/choice/bf16_gain.hpp"
#include "network/choice/kernel_timing.hpp"
#include "network/kernels/kernel_table.hpp"

namespace pool3 {

bool has_kernels(Precision precision, Instructions instructions) {
  return network::find_kernels(precision, instructions) != nullptr;
}

PrecisionChoice fastest_precision(Instructions instructions) {
  const network::Kernels* bf16 = network::find_kernels(Precision::bf16, instructions);
  const network::Kernels* fp32 = network::find_kernels(Precision::fp32, instructions);
  if (bf16 == nullptr || fp32 == nullptr)
    return {Precision::fp32, fmt::format("there are no bf16 kernels for {}", to_string(instructions))};
  const auto known = network::known_gain(network::cpu_model(), instructions, network::cache_folder(),
                                         [&] { return network::time_gain(*bf16, *fp32); });
  return {known.faster ? Precision::bf16 : Precision::fp32,
          fmt::format("bf16 by {} is {}faster, {}", to_string(instructions), known.faster ? "" : "no ", known.source)};
}

}  // namespace pool3
