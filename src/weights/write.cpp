#include <algorithm>
#include <array>
#include <cmath>
#include <span>
#include <utility>

#include "pool3/files.hpp"
#include "pool3/weights.hpp"
#include "weights/check_weights.hpp"
#include "weights/containers/safetensors.hpp"
#include "weights/weights_error.hpp"

namespace pool3 {
namespace {

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

bool is_sound(const ChannelCodes& codes, int channels) {
  return std::ssize(codes.steps) == channels && std::ssize(codes.means) == channels &&
         std::ranges::all_of(codes.steps, [](float v) { return std::isfinite(v) && v > 0; }) &&
         std::ranges::all_of(codes.means, [](float v) { return std::isfinite(v); });
}

void check_codes(const Weights& weights, const std::string& path) {
  if (weights.codes.empty()) return;
  std::size_t expected = 0;
  for (const ConvolutionShape& s : convolution_shapes()) {
    if (!has_codes(s.name)) continue;
    ++expected;
    const auto found = weights.codes.find(s.name);
    if (found == weights.codes.end() || !is_sound(found->second, s.out_channels))
      throw weights_error(path, "no sound calibration of '" + s.name + "'",
                          "calibrate again: pool3 convert --calibrate");
  }
  if (weights.codes.size() != expected)
    throw weights_error(path, "a calibration of layers that have none", "calibrate again: pool3 convert --calibrate");
}

/// As they are stored: the codes among the tensors.
std::map<std::string, Tensor> tensors_to_store(const Weights& weights) {
  std::map<std::string, Tensor> tensors = weights.tensors;
  for (const auto& [name, codes] : weights.codes) {
    tensors[name + ".step"] = {{std::ssize(codes.steps)}, codes.steps};
    tensors[name + ".mean"] = {{std::ssize(codes.means)}, codes.means};
  }
  return tensors;
}

}  // namespace

void check_weights(const Weights& weights, const std::string& path) {
  if (!weights.torchscript.empty()) return;  // what it is shows when it is opened
  for (const ConvolutionShape& s : convolution_shapes()) {
    check_tensor(weights, s.name + ".weight", {s.out_channels, s.in_channels, s.kernel_height, s.kernel_width}, path);
    check_tensor(weights, s.name + ".bias", {s.out_channels}, path);
  }
  if (weights.tensors.size() != 2 * convolution_shapes().size()) {
    throw weights_error(path, "tensors that no Inception-v3 has", "not an Inception-v3?");
  }
  check_codes(weights, path);
}

void write_weights(const Weights& weights, const std::string& path) {
  if (!weights.torchscript.empty())
    throw weights_error(path, weights.source + " can't be converted: a network of its own, no weights alone",
                        "give it to --weights as it is");
  check_weights(weights, weights.source);
  const auto text = [](bool flag) { return flag ? "true" : "false"; };
  const auto tensors = tensors_to_store(weights);
  const std::string header =
      safetensors_header({{"format", "pool3"},
                          {"format_version", "1"},
                          {"source", weights.source},
                          {"profile", std::string(to_string(weights.traits.profile))},
                          {"average_pool_counts_padding", text(weights.traits.average_pool_counts_padding)},
                          {"max_pool_in_7c", text(weights.traits.max_pool_in_7c)}},
                         tensors);
  std::vector<std::string_view> parts = {header};
  for (const auto& [name, tensor] : tensors) {
    const std::span<const char> bytes(reinterpret_cast<const char*>(tensor.values.data()),
                                      tensor.values.size() * sizeof(float));
    parts.emplace_back(bytes.data(), bytes.size());
  }
  write_whole_file({"write weights", path}, parts);
}

}  // namespace pool3
