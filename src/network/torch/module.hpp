#pragma once
// What the program and the module pool3_torch.so agree on. LibTorch takes half a second to load, so it is linked
// into that module alone.

#include "pool3/network.hpp"
#include "pool3/network/small_network.hpp"

namespace pool3::network {

inline constexpr const char* torch_module_file = "pool3_torch.so";
inline constexpr const char* torch_factory_name = "pool3_open_torch_network_4";
inline constexpr const char* torch_script_name = "pool3_torch_scripted_classifier_2";
inline constexpr const char* torch_devices_name = "pool3_torch_cuda_devices";

inline constexpr const char* torch_small_name = "pool3_torch_small_network";

/// The caller owns the result. Throws Error.
using OpenSmallNetwork = SmallNetwork* (*)(const SmallNetworkShape& shape);

/// The caller owns the result. Throws Error. REQUIRES: `weights` are complete, options.batch >= 1.
using OpenTorchNetwork = Network* (*)(const Weights& weights, const NetworkOptions& options);

/// The network's input is colour * factor + summand, for red, green and blue of 0 to 255.
struct ColourScale {
  std::vector<float> factor, summand;  ///< [3]
};

/// The caller owns the result. Throws Error. REQUIRES: as scripted_classifier().
using ScriptClassifier = std::string* (*)(const Weights& weights, const ColourScale& scale, const LinearLayer& layer,
                                          bool quantised);

/// The GPUs that LibTorch can use; -1 if it was built without CUDA.
using CountCudaDevices = int (*)();

}  // namespace pool3::network
