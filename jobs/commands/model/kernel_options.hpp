#pragma once
// Flags of `train`, `search` and `run` on kernels and solvers.

#include <string>
#include <vector>

#include "console/flags/options.hpp"
#include "pool3/training.hpp"

namespace pool3::jobs {

struct KernelFlags {
  std::vector<std::string> kernels, gammas;
  std::string multiclass, solver;
  std::int64_t landmarks = 0;
  double max_memory_gib = 0;
};
/// `search`: several kernels and gammas may be given.
void declare_kernel(OptionParser& parser, KernelFlags& flags);

/// What the flags say.
struct KernelFlagValues {
  bool linear = false, rbf = false;
  std::vector<Gamma> gammas;
  KernelChoice choice;  ///< the only kernel and gamma, or the first ones
  SolverMethod method = SolverMethod::automatic;
};
/// Throws usage Error.
[[nodiscard]] KernelFlagValues values_of(const KernelFlags& flags);
/// Throws a usage Error if several kernels or gammas are given: for `train`.
void check_single(const KernelFlagValues& values);

/// "gamma 0.25" and the like, of tables and logs; "" for the linear kernel.
[[nodiscard]] std::string text_of(Kernel kernel, double gamma);

/// Passes and gap, or columns that are done.
[[nodiscard]] std::string text_of(const SolverProgress& progress);

}  // namespace pool3::jobs
