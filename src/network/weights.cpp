#include <algorithm>
#include <array>
#include <cmath>
#include <span>
#include <utility>

#include "network/check_weights.hpp"
#include "network/files.hpp"
#include "network/safetensors.hpp"
#include "network/weights_error.hpp"
#include "pool3/network.hpp"

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
}

void write_weights(const Weights& weights, const std::string& path) {
  if (!weights.torchscript.empty())
    throw weights_error(path, weights.source + " can't be converted: a network of its own, no weights alone",
                        "give it to --weights as it is");
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
