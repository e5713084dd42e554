#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <utility>

#include "pool3/numbers/target_clones.hpp"
#include "pool3/weights.hpp"
#include "weights/layer_rules.hpp"
#include "weights/refusals.hpp"

namespace pool3 {
namespace weights {
namespace {

constexpr const char* calibrate_advice = "calibrate again: pool3 convert --calibrate";

/// Of how many values the exponent says that they are infinite or no numbers.
POOL3_TARGET_CLONES std::int32_t count_not_finite(const float* values, std::int32_t count) {
  constexpr std::uint32_t exponent = 255U << 23U;
  std::int32_t bad = 0;
  for (std::int32_t i = 0; i < count; ++i)
    bad += (std::bit_cast<std::uint32_t>(values[i]) & exponent) == exponent ? 1 : 0;
  return bad;
}

bool all_finite(const std::vector<float>& values) {
  constexpr std::size_t piece = 1 << 20;
  for (std::size_t at = 0; at < values.size(); at += piece)
    if (count_not_finite(values.data() + at, static_cast<std::int32_t>(std::min(piece, values.size() - at))) > 0)
      return false;
  return true;
}

void check_tensor(const Weights& weights, const std::string& name, const Shape& shape, const std::string& path) {
  const auto found = weights.tensors.find(name);
  if (found == weights.tensors.end())
    throw weights_error(path, fmt::format("no tensor '{}'", name), "not an Inception-v3?");
  const Tensor& tensor = found->second;
  std::int64_t count = 1;
  for (const std::int64_t n : shape) count *= n;
  if (tensor.shape != shape || std::cmp_not_equal(tensor.values.size(), count))
    throw weights_error(path, fmt::format("'{}' has the wrong shape", name), "not an Inception-v3?");
  if (!all_finite(tensor.values))
    throw weights_error(path, fmt::format("'{}' holds a value that is not finite", name), "the file is damaged");
}

bool is_sound(const ChannelCodes& codes, int channels) {
  return std::ssize(codes.steps) == channels && std::ssize(codes.means) == channels &&
         std::ranges::all_of(codes.steps, [](float v) { return std::isfinite(v) && v > 0; }) &&
         std::ranges::all_of(codes.means, [](float v) { return std::isfinite(v); });
}

void check_codes(const Weights& weights, const std::string& path) {
  if (weights.codes.empty()) return;
  const bool early = std::ranges::none_of(weights.codes, [](const auto& layer) { return has_fine_codes(layer.first); });
  std::size_t expected = 0;
  for (const ConvolutionShape& s : convolution_shapes()) {
    if (!has_codes(s.name) || (early && has_fine_codes(s.name))) continue;
    ++expected;
    const auto found = weights.codes.find(s.name);
    if (found == weights.codes.end() || !is_sound(found->second, s.out_channels))
      throw weights_error(path, fmt::format("no sound calibration of '{}'", s.name), calibrate_advice);
  }
  if (weights.codes.size() != expected)
    throw weights_error(path, "a calibration of layers that have none", calibrate_advice);
}

}  // namespace
}  // namespace weights

void check_weights(const Weights& weights, const std::string& path) {
  if (!weights.torchscript.empty()) return;  // opening it shows what it is
  for (const ConvolutionShape& s : convolution_shapes()) {
    weights::check_tensor(weights, s.name + ".weight", {s.out_channels, s.in_channels, s.kernel_height, s.kernel_width},
                          path);
    weights::check_tensor(weights, s.name + ".bias", {s.out_channels}, path);
  }
  if (weights.tensors.size() != 2 * convolution_shapes().size())
    throw weights::weights_error(path, "tensors that no Inception-v3 has", "not an Inception-v3?");
  weights::check_codes(weights, path);
}

}  // namespace pool3
