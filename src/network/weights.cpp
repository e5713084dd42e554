#include <algorithm>
#include <array>
#include <cmath>
#include <filesystem>
#include <stdexcept>
#include <utility>

#include "network/check_weights.hpp"
#include "network/files.hpp"
#include "network/fold.hpp"
#include "network/safetensors.hpp"
#include "network/sha256.hpp"
#include "network/tfjs.hpp"
#include "network/weights_error.hpp"
#include "pool3/network.hpp"

namespace pool3 {
namespace {

constexpr const char* convert_advice = "make one with: pool3 convert --weights IN --out OUT.safetensors";

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

Weights from_safetensors(const std::string& bytes, const std::string& path) {
  Safetensors file;
  try {
    file = parse_safetensors(bytes);
  } catch (const SafetensorsError& error) {
    throw weights_error(path, error.what(), "the file is damaged, or no weights file of pool3");
  }
  if (metadata_value(file, "format", path) != "pool3") throw weights_error(path, "not pool3's format", convert_advice);
  if (metadata_value(file, "format_version", path) != "1") {
    throw weights_error(path, "format version '" + file.metadata["format_version"] + "'", "use a newer pool3");
  }
  return {.traits = {.average_pool_counts_padding = metadata_flag(file, "average_pool_counts_padding", path),
                     .max_pool_in_7c = metadata_flag(file, "max_pool_in_7c", path),
                     .profile = metadata_profile(file, path)},
          .source = metadata_value(file, "source", path),
          .sha256 = sha256_hex(bytes),
          .tensors = std::move(file.tensors)};
}

const Tensor& find_tensor(const TfjsModel& model, const std::string& name, const std::string& path) {
  const auto found = model.tensors.find(name);
  if (found == model.tensors.end()) throw weights_error(path, "no tensor '" + name + "'", "not an Inception-v3?");
  return found->second;
}

void expect_shape(const Tensor& tensor, const std::vector<std::int64_t>& shape, const std::string& name,
                  const std::string& path) {
  if (tensor.shape != shape || tensor.values.empty()) {
    throw weights_error(path, "'" + name + "' has the wrong shape or type", "not an Inception-v3?");
  }
}

/// The folded layer number `number` of a Keras Inception-v3, counted from 1.
FoldedConvolution folded_layer(const TfjsModel& model, const ConvolutionShape& shape, std::size_t number,
                               const std::string& path) {
  const std::string kernel_name = "conv2d_" + std::to_string(number) + "/kernel";
  const Tensor& kernel = find_tensor(model, kernel_name, path);
  expect_shape(kernel, {shape.kernel_height, shape.kernel_width, shape.in_channels, shape.out_channels}, kernel_name,
               path);
  const auto statistic = [&](const char* part) -> std::span<const float> {
    const std::string name = "batch_normalization_" + std::to_string(number) + "/" + part;
    if (part == std::string_view("gamma") && !model.tensors.contains(name)) return {};
    const Tensor& tensor = find_tensor(model, name, path);
    expect_shape(tensor, {shape.out_channels}, name, path);
    return tensor.values;
  };
  return fold_batch_norm(kernel, {.gamma = statistic("gamma"),
                                  .beta = statistic("beta"),
                                  .mean = statistic("moving_mean"),
                                  .variance = statistic("moving_variance"),
                                  .epsilon = model.epsilon});
}

Weights from_tfjs(const std::string& folder) {
  TfjsModel model = read_tfjs(folder);
  Weights weights = {.traits = {}, .source = model.source, .sha256 = model.sha256, .tensors = {}};
  std::size_t number = 0;
  for (const ConvolutionShape& shape : convolution_shapes()) {
    FoldedConvolution folded = folded_layer(model, shape, ++number, folder);
    weights.tensors[shape.name + ".weight"] = std::move(folded.weight);
    weights.tensors[shape.name + ".bias"] = std::move(folded.bias);
  }
  return weights;
}

Weights read_any(const std::string& path) {
  std::error_code ignored;
  if (std::filesystem::is_directory(path, ignored)) return from_tfjs(path);
  const std::string bytes = read_whole_file(path);
  if (looks_like_safetensors(bytes)) return from_safetensors(bytes, path);
  throw weights_error(path, bytes.empty() ? "the file is empty" : "not a weights file of a known kind", convert_advice);
}

void check_tensor(const Weights& weights, const std::string& name, const std::vector<std::int64_t>& shape,
                  const std::string& path) {
  const auto found = weights.tensors.find(name);
  if (found == weights.tensors.end()) throw weights_error(path, "no tensor '" + name + "'", "not an Inception-v3?");
  const Tensor& tensor = found->second;
  std::int64_t count = 1;
  for (const std::int64_t n : shape) count *= n;
  if (tensor.shape != shape || std::cmp_not_equal(tensor.values.size(), count)) {
    throw weights_error(path, "'" + name + "' has the wrong shape", "not an Inception-v3?");
  }
  if (!std::ranges::all_of(tensor.values, [](float v) { return std::isfinite(v); })) {
    throw weights_error(path, "'" + name + "' holds a value that is not finite", "the file is damaged");
  }
}

}  // namespace

void check_weights(const Weights& weights, const std::string& path) {
  for (const ConvolutionShape& s : convolution_shapes()) {
    check_tensor(weights, s.name + ".weight", {s.out_channels, s.in_channels, s.kernel_height, s.kernel_width}, path);
    check_tensor(weights, s.name + ".bias", {s.out_channels}, path);
  }
  if (weights.tensors.size() != 2 * convolution_shapes().size()) {
    throw weights_error(path, "tensors that no Inception-v3 has", "not an Inception-v3?");
  }
}

Weights read_weights(const std::string& path) {
  Weights weights = read_any(path);
  check_weights(weights, path);
  return weights;
}

void write_weights(const Weights& weights, const std::string& path) {
  check_weights(weights, weights.source);
  const auto text = [](bool flag) { return flag ? "true" : "false"; };
  const std::string header =
      safetensors_header({{"format", "pool3"},
                          {"format_version", "1"},
                          {"source", weights.source},
                          {"profile", std::string(to_string(weights.traits.profile))},
                          {"average_pool_counts_padding", text(weights.traits.average_pool_counts_padding)},
                          {"max_pool_in_7c", text(weights.traits.max_pool_in_7c)}},
                         weights.tensors);
  std::vector<std::string_view> parts = {header};
  for (const auto& [name, tensor] : weights.tensors) {
    const std::span<const char> bytes(reinterpret_cast<const char*>(tensor.values.data()),
                                      tensor.values.size() * sizeof(float));
    parts.emplace_back(bytes.data(), bytes.size());
  }
  write_whole_file(path, parts);
}

}  // namespace pool3
