#include "extraction/agreement.hpp"

#include "pool3/error.hpp"

namespace pool3 {
namespace extraction {

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
  choice.instructions = static_cast<Instructions>(-comm.max(-static_cast<double>(cpu_instructions())));
  if (wanted == Device::cpu || !comm.all(cuda.devices > 0)) return choice;
  choice.device = Device::cuda;
  choice.gpu = comm.split_by_node().rank() % cuda.devices;
  return choice;
}

std::string_view hindrance(Precision precision, const DeviceChoice& where) {
  const bool on_cpu = where.device == Device::cpu;
  if (precision == Precision::fp16 && on_cpu) return "--precision fp16 needs a GPU on every rank";
  if (precision == Precision::int8 && !on_cpu) return "--precision int8 is for CPUs, and --device auto found GPUs";
  if (precision == Precision::int8 && where.instructions < Instructions::amx)
    return "--precision int8 needs a CPU with AMX on every rank";
  return {};
}

Precision choose_precision(const DeviceChoice& where, bool is_torchscript) {
  if (is_torchscript) return Precision::fp32;
  return where.device == Device::cuda ? Precision::fp16 : fastest_precision(where.instructions);
}

namespace {

Precision precision_of(const Weights& weights, const ExtractorOptions& options, const DeviceChoice& where) {
  if (!options.precision) return choose_precision(where, !weights.torchscript.empty());
  const std::string_view problem = hindrance(*options.precision, where);
  if (problem.empty()) return *options.precision;
  if (options.or_fp32) return Precision::fp32;
  throw usage_error(std::string(problem), where.device == Device::cuda ? "add --device cpu" : "take bf16 or fp32");
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
  comm.all_do([&] { setup.recipe.precision = extraction::precision_of(weights, options, where); });
  setup.recipe.fast_decode = options.fast_decode;
  setup.recipe.apply_orientation = options.apply_orientation;
  setup.recipe.max_pixels = options.max_pixels;
  setup.device = where.device;
  setup.instructions = where.instructions;
  setup.gpu = where.gpu;
  setup.batch = options.batch;
  setup.threads = thread_count(comm, options.threads);
  return setup;
}

}  // namespace pool3
