#include <filesystem>
#include <stdexcept>

#include "pool3/weights.hpp"
#include "weights/check_weights.hpp"
#include "weights/containers/hdf5_file.hpp"
#include "weights/containers/safetensors.hpp"
#include "weights/files.hpp"
#include "weights/format_error.hpp"
#include "weights/layers.hpp"
#include "weights/makers/graphdef.hpp"
#include "weights/makers/keras.hpp"
#include "weights/makers/tfjs.hpp"
#include "weights/makers/torch_file.hpp"
#include "weights/sha256.hpp"
#include "weights/weights_error.hpp"

namespace pool3 {
namespace {

constexpr const char* convert_advice = "make one with: pool3 convert --weights IN --out OUT.safetensors";
constexpr const char* known_kinds =
    "known: safetensors (pool3's, torchvision's), torchvision's .pth, TorchScript, Keras's .h5, TensorFlow's GraphDef "
    "of 2015, the "
    "folder of a TensorFlow.js layers model";

std::string metadata_value(const Safetensors& file, const std::string& key, const std::string& path) {
  const auto found = file.metadata.find(key);
  if (found == file.metadata.end()) throw weights_error(path, "its metadata lacks '" + key + "'", convert_advice);
  return found->second;
}

bool metadata_flag(const Safetensors& file, const std::string& key, const std::string& path) {
  const std::string value = metadata_value(file, key, path);
  if (value != "true" && value != "false")
    throw weights_error(path, "'" + key + "' is neither true nor false", convert_advice);
  return value == "true";
}

InputProfile metadata_profile(const Safetensors& file, const std::string& path) {
  const std::string name = metadata_value(file, "profile", path);
  try {
    return parse_input_profile(name);
  } catch (const std::invalid_argument&) {
    throw weights_error(path, "unknown input profile '" + name + "'", "use a newer pool3");
  }
}

/// Takes the tensors "NAME.step" and "NAME.mean" out of the file.
std::map<std::string, ChannelCodes> take_codes(Safetensors& file) {
  std::map<std::string, ChannelCodes> codes;
  for (auto at = file.tensors.begin(); at != file.tensors.end();) {
    const auto here = at++;
    const std::string& name = here->first;
    const std::string layer = name.substr(0, name.size() - std::min<std::size_t>(name.size(), 5));
    if (name.ends_with(".step")) {
      codes[layer].steps = std::move(here->second.values);
    } else if (name.ends_with(".mean")) {
      codes[layer].means = std::move(here->second.values);
    } else {
      continue;
    }
    file.tensors.erase(here);
  }
  return codes;
}

Weights from_own(Safetensors file, const std::string& path) {
  if (metadata_value(file, "format_version", path) != "1") {
    throw weights_error(path, "format version '" + file.metadata["format_version"] + "'", "use a newer pool3");
  }
  auto codes = take_codes(file);
  return {.traits = {.average_pool_counts_padding = metadata_flag(file, "average_pool_counts_padding", path),
                     .max_pool_in_7c = metadata_flag(file, "max_pool_in_7c", path),
                     .profile = metadata_profile(file, path)},
          .source = metadata_value(file, "source", path),
          .sha256 = {},
          .tensors = std::move(file.tensors),
          .codes = std::move(codes)};
}

/// Where weights of other makers came from: "torchvision (FILE)".
std::string source_of(const char* maker, const std::string& path) {
  return std::string(maker) + " (" + std::filesystem::path(path).filename().string() + ")";
}

Weights from_safetensors(std::string_view bytes, const std::string& path) {
  Safetensors file = parse_safetensors(bytes);
  const auto format = file.metadata.find("format");
  if (format != file.metadata.end() && format->second == "pool3") return from_own(std::move(file), path);
  if (!file.tensors.contains(torchvision_first_tensor)) {
    throw weights_error(path,
                        std::string("neither pool3's own format nor torchvision's inception_v3: no tensor '") +
                            torchvision_first_tensor + "'",
                        convert_advice);
  }
  return {.traits = torchvision_traits(),
          .source = source_of("torchvision", path),
          .sha256 = {},
          .tensors = read_layers(read_from(file.tensors), torchvision_rules())};
}

Weights from_graphdef(std::string_view bytes, const std::string& path) {
  GraphWeights graph = read_graphdef(bytes);
  return {.traits = graph.traits,
          .source = source_of("TensorFlow 2015", path),
          .sha256 = {},
          .tensors = std::move(graph.tensors)};
}

Weights from_bytes(std::string_view bytes, const std::string& path) {
  if (is_torchscript(bytes)) {
    return {.traits = {},
            .source = source_of("TorchScript", path),
            .sha256 = {},
            .tensors = {},
            .torchscript = std::string(bytes)};
  }
  if (looks_like_torch_file(bytes)) {
    return {.traits = torchvision_traits(),
            .source = source_of("torchvision", path),
            .sha256 = {},
            .tensors = read_torch_file(bytes)};
  }
  if (looks_like_hdf5(bytes)) {
    return {.traits = {.profile = InputProfile::keras},
            .source = source_of("Keras", path),
            .sha256 = {},
            .tensors = read_keras_h5(bytes)};
  }
  if (looks_like_graphdef(bytes)) return from_graphdef(bytes, path);
  if (looks_like_safetensors(bytes)) return from_safetensors(bytes, path);
  throw weights_error(path, bytes.empty() ? "the file is empty" : "not a weights file of a known kind", known_kinds);
}

/// Rules of the layers model of a TFJS folder: Keras's, numbered from 1.
LayerRules tfjs_rules(double epsilon) {
  const auto names = [](const ConvolutionShape&, std::size_t number) {
    const std::string norm = "batch_normalization_" + std::to_string(number) + "/";
    return LayerNames{.kernel = "conv2d_" + std::to_string(number) + "/kernel",
                      .gamma = norm + "gamma",
                      .beta = norm + "beta",
                      .mean = norm + "moving_mean",
                      .variance = norm + "moving_variance"};
  };
  return {.names = names, .order = KernelOrder::hwio, .needs_gamma = false, .epsilon = epsilon};
}

Weights from_tfjs(const std::string& folder) {
  TfjsModel model = read_tfjs(folder);
  return {.traits = {},
          .source = model.source,
          .sha256 = model.sha256,
          .tensors = read_layers(read_from(model.tensors), tfjs_rules(model.epsilon))};
}

Weights from_file(const std::string& path) {
  const std::string bytes = read_whole_file(path);
  Weights weights = from_bytes(bytes, path);
  weights.sha256 = sha256_hex(bytes);
  return weights;
}

}  // namespace

Weights read_weights(const std::string& path) {
  try {
    std::error_code ignored;
    Weights weights = std::filesystem::is_directory(path, ignored) ? from_tfjs(path) : from_file(path);
    check_weights(weights, path);
    return weights;
  } catch (const FormatError& error) {
    throw weights_error(path, error.what(), error.advice());
  }
}

}  // namespace pool3
