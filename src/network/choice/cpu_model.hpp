#pragma once
// Which CPU this is.

#include <string>

namespace pool3::network {

/// As CPUID tells it; empty and 0 where there is no CPUID.
struct CpuModel {
  std::string vendor;  ///< "AuthenticAMD"
  int family = 0, model = 0, stepping = 0;
  std::string name;  ///< "AMD EPYC 9755 128-Core Processor"
  bool operator==(const CpuModel&) const = default;
};
[[nodiscard]] CpuModel cpu_model();

}  // namespace pool3::network
