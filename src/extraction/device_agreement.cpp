#include "extraction/device_agreement.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "pool3/error.hpp"

namespace pool3 {
namespace extraction {

namespace {

/// The best that all ranks have. Collective.
Instructions common_instructions(const Communicator& comm) {
  std::array<double, instruction_names.size()> lacking{};  // by some rank
  for (std::size_t i = 0; i < lacking.size(); ++i) lacking.at(i) = cpu_has(static_cast<Instructions>(i)) ? 0 : 1;
  comm.max(lacking);
  const auto best = std::ranges::find(lacking.rbegin(), lacking.rend(), 0.0);
  return static_cast<Instructions>(lacking.rend() - best - 1);
}

}  // namespace

DeviceChoice agree_device(const Communicator& comm, std::optional<Device> wanted) {
  CudaSupport cuda;
  comm.all_do([&] {
    if (wanted != Device::cpu) cuda = cuda_support();
    if (wanted == Device::cuda && cuda.devices == 0)
      throw Error({.stage = "open network",
                   .path = {},
                   .cause = "--device cuda: " + cuda.problem,
                   .advice = "use --device auto or cpu"});
  });
  DeviceChoice choice;
  comm.all_do([] { static_cast<void>(cpu_instructions()); });  // throws where they are limited to what nobody knows
  choice.instructions = common_instructions(comm);
  choice.int8 = comm.all(has_kernels(Precision::int8, cpu_instructions()));
  if (wanted == Device::cpu || !comm.all(cuda.devices > 0)) return choice;
  choice.device = Device::cuda;
  choice.gpu = comm.split_by_node().rank() % cuda.devices;
  return choice;
}

std::string_view hindrance(Precision precision, const DeviceChoice& where) {
  const bool on_cpu = where.device == Device::cpu;
  if (precision == Precision::fp16 && on_cpu) return "--precision fp16 needs a GPU on every rank";
  if (precision == Precision::int8 && !on_cpu) return "--precision int8 is for CPUs, and --device auto found GPUs";
  if (precision == Precision::int8 && !where.int8)
    return "--precision int8 needs AMX, AVX-512 VNNI or AVX-VNNI on every rank's CPU";
  return {};
}

Precision choose_precision(const DeviceChoice& where, bool is_torchscript, bool bf16_is_faster) {
  if (is_torchscript) return Precision::fp32;
  if (where.device == Device::cuda) return Precision::fp16;
  return bf16_is_faster ? Precision::bf16 : Precision::fp32;
}

Instructions usable_instructions(Precision precision, Instructions common, Instructions own) {
  const bool same_rows = precision == Precision::fp32 || precision == Precision::int8;
  return same_rows && common != Instructions::any ? own : common;
}

namespace {

/// Of no use for fp16. Collective.
PrecisionChoice choose(const Communicator& comm, const DeviceChoice& where, bool is_torchscript) {
  PrecisionChoice fastest;
  if (is_torchscript || where.device == Device::cuda)
    return {choose_precision(where, is_torchscript, false),
            is_torchscript ? "TorchScript networks may not work with anything else" : "GPUs are fastest with it"};
  const bool asks = comm.split_by_node().rank() == 0;  // one a node is enough, and has the core for itself
  comm.all_do([&] {
    if (asks) fastest = fastest_precision(where.instructions);
  });
  const bool all_faster = comm.all(!asks || fastest.precision == Precision::bf16);
  if (!all_faster && fastest.precision == Precision::bf16) fastest.why = "bf16 is not faster on every node";
  return {choose_precision(where, false, all_faster), fastest.why};
}

/// Collective.
PrecisionChoice precision_of(const Communicator& comm, const Weights& weights, const ExtractorOptions& options,
                             const DeviceChoice& where) {
  if (options.precision) {
    const std::string_view problem = hindrance(*options.precision, where);
    if (problem.empty()) return {*options.precision, {}};
    if (options.or_fp32) return {Precision::fp32, {}};
    throw usage_error(std::string(problem), where.device == Device::cuda ? "add --device cpu" : "take bf16 or fp32");
  }
  if (options.preferred && hindrance(*options.preferred, where).empty())
    return {*options.preferred, "the rows that are there are of it"};
  return choose(comm, where, !weights.torchscript.empty());
}

InputProfile profile_of(const Weights& weights, const std::optional<InputProfile>& wanted) {
  if (wanted) return *wanted;
  if (weights.torchscript.empty()) return weights.traits.profile;
  throw usage_error("a TorchScript network does not name its input profile",
                    "give --profile nsfwjs, tf2015, keras or torchvision");
}

}  // namespace
}  // namespace extraction

ExtractorSetup agree_setup(const Communicator& comm, const Weights& weights, const ExtractorOptions& options) {
  ExtractorSetup setup;
  comm.all_do([&] { setup.recipe.profile = extraction::profile_of(weights, options.profile); });
  const extraction::DeviceChoice where = extraction::agree_device(comm, options.device);
  PrecisionChoice precision = extraction::precision_of(comm, weights, options, where);
  setup.recipe.precision = precision.precision;
  setup.why = std::move(precision.why);
  setup.recipe.fast_decode = options.fast_decode;
  setup.recipe.apply_orientation = options.apply_orientation;
  setup.recipe.max_pixels = options.max_pixels;
  setup.device = where.device;
  setup.instructions = extraction::usable_instructions(setup.recipe.precision, where.instructions, cpu_instructions());
  setup.gpu = where.gpu;
  setup.batch = options.batch;
  setup.threads = thread_count(comm, options.threads);
  return setup;
}

}  // namespace pool3
