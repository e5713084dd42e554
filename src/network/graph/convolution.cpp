#include "network/graph/convolution.hpp"

#include <sys/mman.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstdlib>
#include <unordered_map>

namespace pool3::direct {
namespace {

int round_up(int value, int unit) { return (value + unit - 1) / unit * unit; }

/// Widths of the panels that together have `channels` channels or a little more: as few as there can be.
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

/// Rounds to nearest, ties to even.
Bf16 to_bf16(float value) {
  const auto bits = std::bit_cast<std::uint32_t>(value);
  return static_cast<Bf16>((bits + 0x7fffU + ((bits >> 16U) & 1U)) >> 16U);
}

/// The weights of a layer as the kernels multiply them.
struct Operand {
  Tensor weights;            ///< [out, in, ...]
  std::vector<float> steps;  ///< [out] what a unit of the sum stands for; empty: 1
  std::vector<float> lost;   ///< [out] what rounding took from the sum, for an input of the mean; empty: 0
};

/// Whole numbers from -127 to 127. Symmetric, each channel of the output for itself; the steps of the input's channels
/// go into the weights.
Operand in_codes(const Tensor& weights, const ChannelCodes& from) {
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
    for (std::size_t at = 0; at < each; ++at) {
      const float exact = row[at], code = std::nearbyint(exact / step),
                  mean = from.means[at / taps] / from.steps[at / taps];
      lost += double{exact - code * step} * double{mean};
      row[at] = code;
    }
    q.lost[o] = static_cast<float>(lost);
  }
  return q;
}

/// Values that bf16 has. What rounding takes from a weight goes to the next one of the same output (error diffusion),
/// for inputs are not negative: where a picture is even, the errors would add up. docs/performance.md has the gain.
Operand in_bf16(const Tensor& weights) {
  Operand rounded = {.weights = weights, .steps = {}, .lost = {}};
  const std::size_t each = weights.values.size() / static_cast<std::size_t>(weights.shape.at(0));
  float carried = 0;
  for (std::size_t at = 0; at < weights.values.size(); ++at) {
    if (at % each == 0) carried = 0;
    const float wanted = weights.values[at] + carried;
    rounded.weights.values[at] = std::bit_cast<float>(static_cast<std::uint32_t>(to_bf16(wanted)) << 16U);
    carried = wanted - rounded.weights.values[at];
  }
  return rounded;
}

Operand operand_of(const Layer& layer, const ChannelCodes& from_codes, Precision precision, bool winograd) {
  if (precision == Precision::int8) return in_codes(layer.weight, from_codes);
  if (precision == Precision::bf16) return in_bf16(layer.weight);
  return {.weights = winograd ? winograd_weights(layer.weight) : layer.weight, .steps = {}, .lost = {}};
}

/// What the sums of output channel `o` are multiplied by, and what is then added.
struct Factors {
  float scale = 1, bias = 0;
};

Factors factors_of(const Layer& layer, const Operand& operand, std::size_t o) {
  const float code = layer.codes.steps.empty() ? 1.0F : 1.0F / layer.codes.steps[o];
  const float step = operand.steps.empty() ? 1.0F : operand.steps[o];
  const float lost = operand.lost.empty() ? 0.0F : operand.lost[o];
  return {.scale = step * code, .bias = ((layer.bias.empty() ? 0.0F : layer.bias[o]) + lost) * code};
}

}  // namespace

Memory::Memory(std::int64_t bytes) {
  constexpr std::size_t huge_page = 2U << 20U, line = 64;
  const std::size_t unit = static_cast<std::size_t>(bytes) >= huge_page ? huge_page : line;
  const std::size_t whole = (static_cast<std::size_t>(bytes) + unit - 1) / unit * unit;
  data_.reset(static_cast<std::byte*>(std::aligned_alloc(unit, whole)));
  if (data_ == nullptr) throw std::bad_alloc();
  if (unit == huge_page) ::madvise(data_.get(), whole, MADV_HUGEPAGE);
  std::memset(data_.get(), 0, whole);
}

Layer layer_named(const Kernels& kernels, const Weights& weights, const std::string& name) {
  const auto found = weights.codes.find(name);
  const bool codes = kernels.precision == Precision::int8 && found != weights.codes.end();
  return {.name = name,
          .weight = weights.tensors.at(name + ".weight"),
          .bias = weights.tensors.at(name + ".bias").values,
          .codes = codes ? found->second : ChannelCodes{}};
}

Layer before_pooling(Layer layer) {
  layer.name.clear();
  layer.bias.clear();
  layer.codes = {};
  return layer;
}

Geometry geometry_of(const std::string& name) {
  static const auto by_name = [] {
    std::unordered_map<std::string, Geometry> map;
    for (const ConvolutionShape& s : convolution_shapes())
      map[s.name] = {s.kernel_height, s.kernel_width, s.stride, s.pad_height, s.pad_width};
    return map;
  }();
  return by_name.at(name);
}

Convolution::Convolution(const Kernels& kernels, const Geometry& geometry, const std::vector<Layer>& layers,
                         const View& from, const ChannelCodes& from_codes)
    : kernels_(&kernels),
      geometry_(geometry),
      winograd_(kernels.winograd != nullptr && geometry.kernel_height == 3 && geometry.kernel_width == 3 &&
                geometry.stride == 1 && geometry.pad_height == geometry.pad_width),
      in_channels_(round_up(static_cast<int>(layers.front().weight.shape.at(1)), kernels.in_unit)),
      out_height_((from.height + 2 * geometry.pad_height - geometry.kernel_height) / geometry.stride + 1),
      out_width_((from.width + 2 * geometry.pad_width - geometry.kernel_width) / geometry.stride + 1) {
  for (const Layer& layer : layers) add_layer(layer, from_codes, static_cast<int>(out_channels_.size()));
}

std::byte* Convolution::room(std::int64_t bytes) {
  memory_.push_back(std::make_unique<Memory>(bytes));
  return memory_.back()->data();
}

void Convolution::add_layer(const Layer& layer, const ChannelCodes& from_codes, int number) {
  const int channels = static_cast<int>(layer.weight.shape.at(0));
  out_channels_.push_back(round_up(channels, kernels_->out_unit));
  const Operand operand = operand_of(layer, from_codes, kernels_->precision, winograd_);
  const bool codes = !layer.codes.steps.empty();
  const int out_bytes = codes ? 1 : uncoded(*kernels_).value_bytes;
  int first = 0;
  for (const int width : panel_widths(*kernels_, channels)) {
    auto* bias = reinterpret_cast<float*>(room(width * std::int64_t{sizeof(float)}));
    auto* scale = reinterpret_cast<float*>(room(width * std::int64_t{sizeof(float)}));
    for (int i = 0; i < std::min(width, channels - first); ++i) {
      const Factors factors = factors_of(layer, operand, static_cast<std::size_t>(first) + static_cast<std::size_t>(i));
      scale[i] = factors.scale;
      bias[i] = factors.bias;
    }
    panels_.push_back({.weights = pack(operand.weights, winograd_ ? 16 : geometry_.taps(), first, width),
                       .bias = bias,
                       .scale = codes || !operand.steps.empty() ? scale : nullptr,
                       .width = width,
                       .relu = !layer.bias.empty(),
                       .codes = codes,
                       .output = number,
                       .offset = static_cast<std::int64_t>(first) * out_bytes});
    first += width;
  }
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

/// Lays the weights [out, in, taps] of one panel out as [tap][in][width]. For AMX by the 64 bytes of a tile's row, with
/// neighbours that fill 32 bits together: bf16 [tap][in / 32][width / 16][16 pairs][16 out][2], int8
/// [tap][in / 64][width / 16][16 fours][16 out][4].
const std::byte* Convolution::pack(const Tensor& weights, int taps, int first, int width) {
  const std::int64_t out = weights.shape.at(0), in = weights.shape.at(1), size = kernels_->value_bytes;
  const std::int64_t group = size == 4 ? 1 : 4 / size, deep = 16 * group;
  std::byte* packed = room(size * taps * in_channels_ * width);
  for (std::int64_t o = 0; o < std::min<std::int64_t>(width, out - first); ++o) {
    for (std::int64_t i = 0; i < in; ++i) {
      for (std::int64_t t = 0; t < taps; ++t) {
        const float value = weights.values[static_cast<std::size_t>(((first + o) * in + i) * taps + t)];
        const std::int64_t tap = t * in_channels_ * width;
        if (kernels_->precision == Precision::fp32) {
          reinterpret_cast<float*>(packed)[tap + i * width + o] = value;
          continue;
        }
        const std::int64_t at = tap + i / deep * deep * width + o / 16 * deep * 16 + i % deep / group * group * 16 +
                                o % 16 * group + i % group;
        if (size == 1) {
          reinterpret_cast<std::int8_t*>(packed)[at] = static_cast<std::int8_t>(value);
        } else {
          reinterpret_cast<Bf16*>(packed)[at] = to_bf16(value);
        }
      }
    }
  }
  return packed;
}

void Convolution::run(const View& from, std::span<const View> to, int row_begin, int row_end) const {
  (winograd_ ? kernels_->winograd : kernels_->convolve)({.from = from,
                                                         .geometry = geometry_,
                                                         .in_channels = in_channels_,
                                                         .panels = panels_,
                                                         .to = to,
                                                         .row_begin = row_begin,
                                                         .row_end = row_end});
}

}  // namespace pool3::direct
