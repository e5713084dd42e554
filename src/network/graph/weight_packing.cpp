#include "network/graph/weight_packing.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <span>

#include "pool3/numbers.hpp"

namespace pool3::network {
namespace {

/// Whole numbers from -127 to 127. Symmetric, each channel of the output for itself; the steps of the input's channels
/// go into the weights.
void to_codes(Operand& q, const ChannelCodes& from, bool carry) {
  constexpr float most_code = 127.0F;
  const auto out = static_cast<std::size_t>(q.weights.shape.at(0));
  q.steps.resize(out);
  q.lost.resize(out);
  const std::size_t each = q.weights.values.size() / out, taps = each / from.steps.size();
  for (std::size_t o = 0; o < out; ++o) {
    const std::span row(q.weights.values.data() + o * each, each);
    float most = 0;
    for (std::size_t at = 0; at < each; ++at) {
      row[at] *= from.steps[at / taps];
      most = std::max(most, std::abs(row[at]));
    }
    const float step = q.steps[o] = most > 0 ? most / most_code : 1.0F;
    double lost = 0;
    float carried = 0;
    for (std::size_t at = 0; at < each; ++at) {
      if (!carry || at % taps == 0) carried = 0;
      const float exact = row[at], wanted = exact / step + carried,
                  code = std::clamp(std::nearbyint(wanted), -most_code, most_code),
                  mean = from.means[at / taps] / from.steps[at / taps];
      carried = wanted - code;
      lost += double{exact - code * step} * double{mean};
      row[at] = code;
    }
    q.lost[o] = static_cast<float>(lost);
  }
}

/// Values that bf16 has. What rounding takes from a weight goes to the next one of the same output (error diffusion),
/// for inputs are not negative: where a picture is even, the errors would add up. docs/measurements/network.md has the
/// gain.
void to_bf16(Tensor& weights) {
  const std::size_t each = weights.values.size() / static_cast<std::size_t>(weights.shape.at(0));
  float carried = 0;
  for (std::size_t at = 0; at < weights.values.size(); ++at) {
    if (at % each == 0) carried = 0;
    const float wanted = weights.values[at] + carried;
    weights.values[at] = float_of_bf16(bf16_of_float(wanted));
    carried = wanted - weights.values[at];
  }
}

Tensor part_of(const Tensor& weights, Outputs outputs) {
  const auto each = std::ssize(weights.values) / weights.shape.at(0);
  Tensor part = {weights.shape,
                 {weights.values.begin() + outputs.begin * each, weights.values.begin() + outputs.end * each}};
  part.shape.at(0) = outputs.end - outputs.begin;
  return part;
}

/// Value: what weights are kept as.
template <typename Value, typename Convert>
void pack_as(const Kernels& kernels, const Tensor& weights, const PanelShape& shape, Value* packed,
             const Convert& convert) {
  const std::int64_t out = weights.shape.at(0), in = weights.shape.at(1), group = 4 / sizeof(Value);
  const std::int64_t deep = kernels.tiles ? 16 * group : group;
  const auto [taps, in_channels, width] = shape;
  const std::int64_t together = kernels.tiles ? 16 : width;  // outputs whose weights for `deep` inputs lie together
  std::vector<std::int64_t> places;                          // of the outputs
  for (std::int64_t o = 0; o < out; ++o) places.push_back(o / together * deep * together + o % together * group);
  for (std::int64_t i = 0; i < in; ++i) {
    const std::int64_t row = i / deep * deep * width + i % deep / group * group * together + i % group;
    for (std::int64_t t = 0; t < taps; ++t) {
      const float* from = weights.values.data() + i * taps + t;
      Value* to = packed + t * in_channels * width + row;
      for (std::int64_t o = 0; o < out; ++o) to[places[static_cast<std::size_t>(o)]] = convert(from[o * in * taps]);
    }
  }
}

}  // namespace

std::vector<int> panel_widths(const Kernels& kernels, int channels) {
  const int wide = kernels.widths[0], narrow = kernels.widths[1];
  std::vector<int> widths;
  while (channels > 0) {
    const bool use_wide = narrow == 0 || channels % narrow != 0 || channels % wide == 0;
    widths.push_back(use_wide ? wide : narrow);
    channels -= widths.back();
  }
  return widths;
}

Operand operand_of(const Layer& layer, Outputs outputs, const ChannelCodes& from_codes, Precision precision,
                   bool winograd) {
  Operand operand = {.first = outputs.begin, .weights = part_of(layer.weights(), outputs), .steps = {}, .lost = {}};
  if (precision == Precision::int8) to_codes(operand, from_codes, layer.carry);
  if (precision == Precision::bf16) to_bf16(operand.weights);
  if (winograd) operand.weights = winograd_weights(operand.weights);
  return operand;
}

Layer on_fine_codes(Layer layer) {
  Tensor w = layer.weights();
  const auto out = static_cast<std::size_t>(w.shape.at(0)), each = w.values.size() / out;
  std::vector<float> twice;
  for (std::size_t o = 0; o < out; ++o)
    for (int part = 0; part < 2; ++part)
      twice.insert(twice.end(), w.values.begin() + static_cast<std::ptrdiff_t>(o * each),
                   w.values.begin() + static_cast<std::ptrdiff_t>((o + 1) * each));
  w.shape.at(1) *= 2;
  w.values = std::move(twice);
  layer.weight = std::move(w);
  layer.shared = nullptr;
  return layer;
}

ChannelCodes of_fine_codes(const ChannelCodes& codes) {
  ChannelCodes parts;
  for (const float step : codes.steps) parts.steps.push_back(step * fine_unit);
  parts.steps.insert(parts.steps.end(), codes.steps.begin(), codes.steps.end());
  parts.means = codes.means;
  parts.means.resize(parts.steps.size());  // the lower bits' are counted with the upper ones
  return parts;
}

Factors factors_of(const Layer& layer, const Operand& operand, int o) {
  const auto own = static_cast<std::size_t>(o), of_operand = static_cast<std::size_t>(o - operand.first);
  const float code = layer.codes.steps.empty() ? 1.0F : 1.0F / layer.codes.steps[own];
  const float step = operand.steps.empty() ? 1.0F : operand.steps[of_operand];
  const float lost = operand.lost.empty() ? 0.0F : operand.lost[of_operand];
  return {.scale = step * code, .bias = ((layer.bias.empty() ? 0.0F : layer.bias[own]) + lost) * code};
}

Tensor winograd_weights(const Tensor& weights) {
  constexpr std::array<std::array<double, 3>, 4> g = {{{1, 0, 0}, {0.5, 0.5, 0.5}, {0.5, -0.5, 0.5}, {0, 0, 1}}};
  Tensor out = {.shape = {weights.shape.at(0), weights.shape.at(1), 4, 4}, .values = {}};
  out.values.resize(weights.values.size() / 9 * 16);
  float* to = out.values.data();
  for (std::size_t at = 0; at < weights.values.size(); at += 9) {
    for (std::size_t i = 0; i < 4; ++i, to += 4) {
      std::array<double, 4> sums{};  // side by side, so that they are vectors
      for (std::size_t y = 0; y < 3; ++y)
        for (std::size_t x = 0; x < 3; ++x)
          for (std::size_t j = 0; j < 4; ++j)
            sums[j] += g[i][y] * g[j][x] * static_cast<double>(weights.values[at + y * 3 + x]);
      for (std::size_t j = 0; j < 4; ++j) to[j] = static_cast<float>(sums[j]);
    }
  }
  return out;
}

std::int64_t packed_bytes(const Kernels& kernels, const PanelShape& shape) {
  return std::int64_t{kernels.value_bytes} * shape.taps * shape.in_channels * shape.width;
}

void pack(const Kernels& kernels, const Tensor& weights, const PanelShape& shape, std::byte* packed) {
  if (kernels.precision == Precision::fp32) {
    pack_as(kernels, weights, shape, reinterpret_cast<float*>(packed), [](float value) { return value; });
  } else if (kernels.precision == Precision::int8) {
    pack_as(kernels, weights, shape, reinterpret_cast<std::int8_t*>(packed),
            [](float value) { return static_cast<std::int8_t>(value); });
  } else {
    pack_as(kernels, weights, shape, reinterpret_cast<Bf16*>(packed), bf16_of_float);
  }
}

}  // namespace pool3::network
