#include "commands/model/kernel_options.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

#include "console/text.hpp"
#include "pool3/error.hpp"

namespace pool3::jobs {
namespace {

constexpr double bytes_of_gib = 1073741824.0;
constexpr std::array<std::pair<const char*, SolverMethod>, 4> methods = {{{"auto", SolverMethod::automatic},
                                                                          {"descent", SolverMethod::descent},
                                                                          {"newton", SolverMethod::newton},
                                                                          {"gram", SolverMethod::gram}}};

SolverMethod method_of(const KernelFlags& f, bool rbf) {
  const auto* const found = std::ranges::find(methods, f.solver, [](const auto& m) { return std::string(m.first); });
  if (found == methods.end()) throw usage_error("--solver must be auto, descent, newton or gram");
  const SolverMethod method = found->second;
  if (rbf && method != SolverMethod::automatic && method != SolverMethod::gram)
    throw usage_error("--solver must be auto or gram with --kernel rbf");
  return method;
}

void check_landmarks(const KernelFlags& f, const KernelFlagValues& v) {
  if (f.landmarks < 0 || f.landmarks == 1) throw usage_error("--landmarks must be 0, or 2 or more");
  if (f.landmarks > 0 && (!v.rbf || f.multiclass == "ovo"))
    throw usage_error("--landmarks needs --kernel rbf, and --multiclass ovr");
  if (f.landmarks > 0 && v.method == SolverMethod::gram)
    throw usage_error("--solver gram is exact: leave it to auto with --landmarks");
}

}  // namespace

void declare_kernel(OptionParser& p, KernelFlags& f) {
  p.add_words("kernel", f.kernels, "linear or rbf; search takes both", {"linear"});
  p.add_words(
      "gamma", f.gammas,
      "of rbf, exp(-gamma |x - y|^2) in standardised features: a number, scale (1 / (features * variance)), median "
      "(1 / median squared distance), or a factor as 0.25*median; search takes several",
      {"median"});
  p.add("multiclass", f.multiclass,
        "of rbf: ovr, each class against the rest; or ovo, each pair of classes, with a free bias, as LIBSVM",
        std::string("ovr"));
  p.add("solver", f.solver,
        "auto, by cost and memory; descent or newton on rows that are shared out to the ranks; gram, over one kernel "
        "matrix a node",
        std::string("auto"));
  p.add("landmarks", f.landmarks,
        "of rbf and ovr: approximate by so many rows that stand for all (Nystroem); 0: all rows where their kernel "
        "matrix fits the memory, else 4096 landmarks or what fits",
        std::int64_t{0});
  p.add("max-memory", f.max_memory_gib, "GiB a node for the kernel matrix; 0: two thirds of what is free", 0.0,
        Changes::nothing);
}

KernelFlagValues values_of(const KernelFlags& f) {
  KernelFlagValues v;
  for (const std::string& name : words_of(f.kernels)) {
    if (name != "linear" && name != "rbf") throw usage_error("--kernel must be linear or rbf");
    (name == "rbf" ? v.rbf : v.linear) = true;
  }
  if (!v.linear && !v.rbf) throw usage_error("--kernel must be linear or rbf");
  for (const std::string& word : words_of(f.gammas)) v.gammas.push_back(parse_gamma(word));
  if (v.gammas.empty()) throw usage_error("--gamma names no value");
  if (f.multiclass != "ovr" && f.multiclass != "ovo") throw usage_error("--multiclass must be ovr or ovo");
  if (f.multiclass == "ovo" && !v.rbf) throw usage_error("--multiclass ovo needs --kernel rbf");
  v.method = method_of(f, v.rbf);
  if (!(f.max_memory_gib >= 0) || !std::isfinite(f.max_memory_gib)) throw usage_error("--max-memory must be 0 or more");
  check_landmarks(f, v);
  v.choice = {.kernel = v.rbf && !v.linear ? Kernel::rbf : Kernel::linear,
              .gamma = v.gammas.front(),
              .multiclass = f.multiclass == "ovo" ? Multiclass::one_vs_one : Multiclass::one_vs_rest,
              .max_memory_bytes = f.max_memory_gib * bytes_of_gib,
              .landmarks = f.landmarks};
  return v;
}

void check_single(const KernelFlagValues& v) {
  if (v.linear && v.rbf) throw usage_error("--kernel of train must be one of linear and rbf");
  if (v.rbf && v.gammas.size() > 1) throw usage_error("--gamma of train must be one value");
}

std::string text_of(const SolverProgress& p) {
  if (p.gap == 0) return fmt::format("{} columns", p.epoch);
  return fmt::format("pass {}, relative gap about {}", p.epoch, scientific(p.gap));
}

std::string text_of(Kernel kernel, double gamma) {
  return kernel == Kernel::linear ? std::string() : fmt::format("gamma {}", number_text(gamma));
}

}  // namespace pool3::jobs
