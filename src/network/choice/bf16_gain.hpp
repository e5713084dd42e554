#pragma once
// Whether bf16 is faster than fp32 on a CPU: measured by others, by an earlier run, or now.

#include <filesystem>
#include <functional>
#include <optional>
#include <string>

#include "network/choice/cpu_model.hpp"
#include "pool3/network.hpp"

namespace pool3::network {

/// A gain is rounded to yes or no, so that runs on one kind of CPU choose the same although their timings differ.
constexpr double least_gain = 1.2;

struct KnownGain {
  bool faster = false;
  std::string source;  ///< "measured on this kind of CPU", for people
};

/// `folder`: where outcomes are kept; none, or one that can't be read or written, costs a timing more. `time`: gives
/// the gain.
[[nodiscard]] KnownGain known_gain(const CpuModel& cpu, Instructions instructions,
                                   const std::optional<std::filesystem::path>& folder,
                                   const std::function<double()>& time);

}  // namespace pool3::network
