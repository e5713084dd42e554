#include <dlfcn.h>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <vector>

#include "network/graph/inception.hpp"
#include "network/kernels/kernel_table.hpp"
#include "network/torch/module.hpp"
#include "pool3/error.hpp"
#include "pool3/network.hpp"

namespace pool3 {
namespace network {
namespace {

namespace fs = std::filesystem;

constexpr const char* search_advice = "set POOL3_LIBDIR to the folder that holds it";

/// Where the module may be: the build tree, its test programs, the installed tree, POOL3_LIBDIR.
std::vector<fs::path> module_folders() {
  const fs::path program = fs::read_symlink("/proc/self/exe").parent_path();
  std::vector<fs::path> folders = {program, program / "..", program / ".." / "lib" / "pool3"};
  const char* chosen = std::getenv("POOL3_LIBDIR");
  if (chosen != nullptr && *chosen != '\0') folders.emplace_back(chosen);
  return folders;
}

fs::path find_module() {
  std::vector<std::string> tried;
  for (const fs::path& folder : module_folders()) {
    std::error_code ignored;
    if (fs::exists(folder / torch_module_file, ignored)) return folder / torch_module_file;
    tried.push_back(folder.lexically_normal().string());
  }
  throw Error({.stage = "open network",
               .path = torch_module_file,
               .cause = fmt::format("not found in {}", fmt::join(tried, ", ")),
               .advice = search_advice});
}

struct TorchModule {
  OpenTorchNetwork open;
  ScriptClassifier script;
  CountCudaDevices cuda_devices;
  OpenSmallNetwork small;
};

TorchModule load_module() {
  const std::string path = find_module().lexically_normal().string();
  void* module = ::dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
  void* factory = module == nullptr ? nullptr : ::dlsym(module, torch_factory_name);
  void* script = module == nullptr ? nullptr : ::dlsym(module, torch_script_name);
  void* devices = module == nullptr ? nullptr : ::dlsym(module, torch_devices_name);
  void* small = module == nullptr ? nullptr : ::dlsym(module, torch_small_name);
  if (factory == nullptr || script == nullptr || devices == nullptr || small == nullptr) {
    const char* reason = ::dlerror();
    throw Error({.stage = "open network",
                 .path = path,
                 .cause = reason == nullptr ? "can't be loaded" : reason,
                 .advice = "check that LibTorch is installed, and that this file is of the same build as the program"});
  }
  return {reinterpret_cast<OpenTorchNetwork>(factory), reinterpret_cast<ScriptClassifier>(script),
          reinterpret_cast<CountCudaDevices>(devices), reinterpret_cast<OpenSmallNetwork>(small)};
}

/// It is loaded once, and stays until the program ends.
const TorchModule& torch_module() {
  static const TorchModule module = load_module();
  return module;
}

/// Null: LibTorch must do it.
const Kernels* kernels_for(const NetworkOptions& options) {
  return find_kernels(options.precision, cpu_has(options.instructions) ? options.instructions : cpu_instructions());
}

/// Only pool3's own kernels run int8.
void check_int8(const Weights& weights, const NetworkOptions& options) {
  if (options.device != Device::cpu) throw usage_error("int8 is for CPUs", "take fp16, or --device cpu");
  if (kernels_for(options) == nullptr)
    throw usage_error("int8 needs a CPU with AMX, AVX-512 VNNI or AVX-VNNI", "take bf16 or fp32");
  if (weights.codes.empty())
    throw Error({.stage = "open network",
                 .path = weights.source,
                 .cause = "int8 needs calibrated weights, and these are not",
                 .advice = "make them with: pool3 convert --weights IN --calibrate CORPUS --out OUT.safetensors"});
}

/// The network's input for a picture of one grey: [3].
std::vector<float> plain_input(InputProfile profile, std::uint8_t grey) {
  std::vector<float> input(static_cast<std::size_t>(input_floats));
  to_input({.width = input_side,
            .height = input_side,
            .pixels = std::vector<std::uint8_t>(static_cast<std::size_t>(input_floats), grey)},
           profile, input);
  return {input.begin(), input.begin() + 3};
}

/// Every profile scales each colour by itself, so two plain pictures show how.
ColourScale colour_scale(InputProfile profile) {
  ColourScale scale = {.factor = plain_input(profile, 255), .summand = plain_input(profile, 0)};
  for (std::size_t c = 0; c < 3; ++c) scale.factor[c] = (scale.factor[c] - scale.summand[c]) / 255.0F;
  return scale;
}

}  // namespace
}  // namespace network

std::unique_ptr<Network> open_network(const Weights& weights, const NetworkOptions& options) {
  if (options.batch < 1 || options.batch > 4096) {
    throw usage_error(fmt::format("a batch of {} images", options.batch), "give 1 to 4096");
  }
  if (options.precision == Precision::fp16 && options.device == Device::cpu)
    throw usage_error("fp16 needs a GPU", "take bf16 or fp32, or --device cuda");
  if (options.precision == Precision::int8) network::check_int8(weights, options);
  check_weights(weights, weights.source);
  if (options.device == Device::cpu && weights.torchscript.empty()) {
    if (const network::Kernels* kernels = network::kernels_for(options))
      return network::open_inception(*kernels, weights, options.batch);
  }
  return std::unique_ptr<Network>(network::torch_module().open(weights, options));
}

std::string torchscript_classifier(const Weights& weights, const LinearLayer& layer, bool quantised) {
  if (!weights.torchscript.empty())
    throw Error({.stage = "export",
                 .path = weights.source,
                 .cause = "is a TorchScript network already",
                 .advice = "put the model's coef and intercept (--format npz) behind it with PyTorch"});
  check_weights(weights, weights.source);
  return *std::unique_ptr<std::string>(
      network::torch_module().script(weights, network::colour_scale(weights.traits.profile), layer, quantised));
}

std::unique_ptr<SmallNetwork> open_small_network(const SmallNetworkShape& shape) {
  return std::unique_ptr<SmallNetwork>(network::torch_module().small(shape));
}

CudaSupport cuda_support() {
  std::error_code ignored;
  if (!std::filesystem::exists("/dev/nvidiactl", ignored) && !std::filesystem::exists("/dev/dxg", ignored))
    return {.devices = 0, .problem = "this system shows no NVIDIA GPU"};
  const int devices = network::torch_module().cuda_devices();
  if (devices < 0) return {.devices = 0, .problem = "LibTorch was built without CUDA"};
  if (devices == 0) return {.devices = 0, .problem = "LibTorch finds no GPU that it can use"};
  return {.devices = devices, .problem = {}};
}

}  // namespace pool3
