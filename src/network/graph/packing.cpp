#include "network/graph/packing.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <span>

#include "pool3/numbers.hpp"

namespace pool3::network {
namespace {

/// Whole numbers from -127 to 127. Symmetric, each channel of the output for itself; the steps of the input's channels
/// go into the weights.
Operand in_codes(const Tensor& weights, const ChannelCodes& from, bool carry) {
  constexpr float most_code = 127.0F;
  const auto out = static_cast<std::size_t>(weights.shape.at(0));
  Operand q = {.weights = weights, .steps = std::vector<float>(out), .lost = std::vector<float>(out)};
  const std::size_t each = weights.values.size() / out, taps = each / from.steps.size();
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
  return q;
}

/// Values that bf16 has. What rounding takes from a weight goes to the next one of the same output (error diffusion),
/// for inputs are not negative: where a picture is even, the errors would add up. docs/measurements/network.md has the
/// gain.
Operand in_bf16(const Tensor& weights) {
  Operand rounded = {.weights = weights, .steps = {}, .lost = {}};
  const std::size_t each = weights.values.size() / static_cast<std::size_t>(weights.shape.at(0));
  float carried = 0;
  for (std::size_t at = 0; at < weights.values.size(); ++at) {
    if (at % each == 0) carried = 0;
    const float wanted = weights.values[at] + carried;
    rounded.weights.values[at] = float_of_bf16(bf16_of_float(wanted));
    carried = wanted - rounded.weights.values[at];
  }
  return rounded;
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

Operand operand_of(const Layer& layer, const ChannelCodes& from_codes, Precision precision, bool winograd) {
  if (precision == Precision::int8) return in_codes(layer.weight, from_codes, layer.carry);
  if (precision == Precision::bf16) return in_bf16(layer.weight);
  return {.weights = winograd ? winograd_weights(layer.weight) : layer.weight, .steps = {}, .lost = {}};
}

Layer on_fine_codes(Layer layer) {
  Tensor& w = layer.weight;
  const auto out = static_cast<std::size_t>(w.shape.at(0)), each = w.values.size() / out;
  std::vector<float> twice;
  for (std::size_t o = 0; o < out; ++o)
    for (int part = 0; part < 2; ++part)
      twice.insert(twice.end(), w.values.begin() + static_cast<std::ptrdiff_t>(o * each),
                   w.values.begin() + static_cast<std::ptrdiff_t>((o + 1) * each));
  w.shape.at(1) *= 2;
  w.values = std::move(twice);
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

Factors factors_of(const Layer& layer, const Operand& operand, std::size_t o) {
  const float code = layer.codes.steps.empty() ? 1.0F : 1.0F / layer.codes.steps[o];
  const float step = operand.steps.empty() ? 1.0F : operand.steps[o];
  const float lost = operand.lost.empty() ? 0.0F : operand.lost[o];
  return {.scale = step * code, .bias = ((layer.bias.empty() ? 0.0F : layer.bias[o]) + lost) * code};
}

Tensor winograd_weights(const Tensor& weights) {
  constexpr std::array<std::array<double, 3>, 4> g = {{{1, 0, 0}, {0.5, 0.5, 0.5}, {0.5, -0.5, 0.5}, {0, 0, 1}}};
  Tensor out = {.shape = {weights.shape.at(0), weights.shape.at(1), 4, 4}, .values = {}};
  out.values.reserve(weights.values.size() / 9 * 16);
  for (std::size_t at = 0; at < weights.values.size(); at += 9) {
    for (std::size_t i = 0; i < 4; ++i) {
      for (std::size_t j = 0; j < 4; ++j) {
        double sum = 0;
        for (std::size_t y = 0; y < 3; ++y)
          for (std::size_t x = 0; x < 3; ++x)
            sum += g[i][y] * g[j][x] * static_cast<double>(weights.values[at + y * 3 + x]);
        out.values.push_back(static_cast<float>(sum));
      }
    }
  }
  return out;
}

std::int64_t packed_bytes(const Kernels& kernels, const PanelShape& shape) {
  return std::int64_t{kernels.value_bytes} * shape.taps * shape.in_channels * shape.width;
}

void pack(const Kernels& kernels, const Tensor& weights, const PanelShape& shape, std::byte* packed) {
  const std::int64_t out = weights.shape.at(0), in = weights.shape.at(1), size = kernels.value_bytes;
  const std::int64_t group = 4 / size, deep = kernels.tiles ? 16 * group : group;
  const auto [taps, in_channels, first, width] = shape;
  const std::int64_t together = kernels.tiles ? 16 : width;  // outputs whose weights for `deep` inputs lie together
  for (std::int64_t o = 0; o < std::min<std::int64_t>(width, out - first); ++o) {
    for (std::int64_t i = 0; i < in; ++i) {
      for (std::int64_t t = 0; t < taps; ++t) {
        const float value = weights.values[static_cast<std::size_t>(((first + o) * in + i) * taps + t)];
        const std::int64_t tap = t * in_channels * width;
        if (kernels.precision == Precision::fp32) {
          reinterpret_cast<float*>(packed)[tap + i * width + o] = value;
          continue;
        }
        const std::int64_t at = tap + i / deep * deep * width + o / together * deep * together +
                                i % deep / group * group * together + o % together * group + i % group;
        if (size == 1) {
          reinterpret_cast<std::int8_t*>(packed)[at] = static_cast<std::int8_t>(value);
        } else {
          reinterpret_cast<Bf16*>(packed)[at] = bf16_of_float(value);
        }
      }
    }
  }
}

}  // namespace pool3::network
