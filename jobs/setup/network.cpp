#include "setup/network.hpp"

#include <algorithm>
#include <stdexcept>

#include "pool3/error.hpp"

namespace pool3::jobs {

void declare_device(OptionParser& parser, std::string& device) {
  parser.add("device", device, "auto, cpu or cuda; auto takes GPUs where every rank has one", std::string("auto"));
}

void check_choice(const std::string& device, const std::string& precision, const std::string& profile) {
  if (device != "auto" && device != "cpu" && device != "cuda") throw usage_error("--device must be auto, cpu or cuda");
  if (precision != "auto" && std::ranges::find(precision_names, precision) == precision_names.end())
    throw usage_error("--precision must be auto, fp32, bf16, fp16 or int8");
  if (precision == "fp16" && device == "cpu") throw usage_error("--precision fp16 needs a GPU", "take bf16 or fp32");
  if (precision == "int8" && device == "cuda") throw usage_error("--precision int8 is for CPUs", "take fp16 or bf16");
  try {
    if (!profile.empty()) static_cast<void>(parse_input_profile(profile));
  } catch (const std::invalid_argument&) {
    throw usage_error("--profile must be nsfwjs, tf2015, keras or torchvision");
  }
}

DeviceChoice agree_device(const Communicator& comm, const std::string& wanted) {
  CudaSupport cuda;
  comm.all_do([&] {
    if (wanted != "cpu") cuda = cuda_support();
    if (wanted == "cuda" && cuda.devices == 0)
      throw Error({.stage = "open network",
                   .path = {},
                   .cause = "--device cuda: " + cuda.problem,
                   .advice = "use --device auto or cpu"});
  });
  DeviceChoice choice;
  choice.instructions = static_cast<Instructions>(-comm.max(-static_cast<double>(cpu_instructions())));
  if (wanted == "cpu" || !comm.all(cuda.devices > 0)) return choice;
  choice.device = Device::cuda;
  choice.gpu = comm.split_by_node().rank() % cuda.devices;
  return choice;
}

Precision agree_precision(const Communicator& comm, const std::string& wanted, const DeviceChoice& where,
                          bool is_torchscript) {
  comm.all_do([&] {
    if (wanted == "fp16" && where.device == Device::cpu)
      throw usage_error("--precision fp16 needs a GPU on every rank", "take bf16 or fp32");
    if (wanted == "int8" && where.device == Device::cuda)
      throw usage_error("--precision int8 is for CPUs, and --device auto found GPUs", "add --device cpu");
    if (wanted == "int8" && where.instructions < Instructions::amx)
      throw usage_error("--precision int8 needs a CPU with AMX on every rank", "take bf16 or fp32");
  });
  if (wanted != "auto") return precision_like(wanted, where);
  if (is_torchscript) return Precision::fp32;
  return where.device == Device::cuda ? Precision::fp16 : fastest_precision(where.instructions);
}

Precision precision_like(const std::string& features_precision, const DeviceChoice& where) {
  const bool on_cpu = where.device == Device::cpu;
  if (features_precision == "fp16" && !on_cpu) return Precision::fp16;
  if (features_precision == "int8" && on_cpu && where.instructions >= Instructions::amx) return Precision::int8;
  return features_precision == "bf16" ? Precision::bf16 : Precision::fp32;
}

NetworkOptions network_options(Precision precision, int batch, const DeviceChoice& where) {
  return {.precision = precision,
          .batch = batch,
          .instructions = where.instructions,
          .device = where.device,
          .gpu = where.gpu};
}

void set_profile(Weights& weights, const std::string& profile) {
  if (!profile.empty()) {
    weights.traits.profile = parse_input_profile(profile);
  } else if (!weights.torchscript.empty()) {
    throw usage_error("a TorchScript network does not tell its input profile",
                      "give --profile nsfwjs, tf2015, keras or torchvision");
  }
}

}  // namespace pool3::jobs
