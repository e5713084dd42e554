#include "network/direct/convolution.hpp"

#include <sys/mman.h>

#include <algorithm>
#include <array>
#include <bit>
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

Layer layer_named(const Weights& weights, const std::string& name, bool finish) {
  return {weights.tensors.at(name + ".weight"), weights.tensors.at(name + ".bias").values, finish};
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

Convolution::Convolution(const Kernels& kernels, const Geometry& geometry, const std::vector<Layer>& layers, int height,
                         int width)
    : kernels_(&kernels),
      geometry_(geometry),
      winograd_(kernels.winograd != nullptr && geometry.kernel_height == 3 && geometry.kernel_width == 3 &&
                geometry.stride == 1 && geometry.pad_height == geometry.pad_width),
      in_channels_(round_up(static_cast<int>(layers.front().weight.shape.at(1)), kernels.in_unit)),
      out_height_((height + 2 * geometry.pad_height - geometry.kernel_height) / geometry.stride + 1),
      out_width_((width + 2 * geometry.pad_width - geometry.kernel_width) / geometry.stride + 1) {
  for (const Layer& layer : layers) add_layer(layer, static_cast<int>(out_channels_.size()));
}

void Convolution::add_layer(const Layer& layer, int number) {
  const int channels = static_cast<int>(layer.weight.shape.at(0));
  out_channels_.push_back(round_up(channels, kernels_->in_unit));
  const Tensor transformed = winograd_ ? winograd_weights(layer.weight) : Tensor{};
  int first = 0;
  for (const int width : panel_widths(*kernels_, channels)) {
    Panel panel = {.width = width,
                   .relu = layer.finish,
                   .output = number,
                   .offset = static_cast<std::int64_t>(first) * kernels_->value_bytes};
    memory_.push_back(std::make_unique<Memory>(width * std::int64_t{sizeof(float)}));
    auto* bias = reinterpret_cast<float*>(memory_.back()->data());
    panel.bias = bias;
    if (layer.finish) std::copy_n(layer.bias.data() + first, std::min(width, channels - first), bias);
    if (winograd_) {
      pack(transformed, 16, first, panel);
    } else {
      pack(layer.weight, geometry_.taps(), first, panel);
    }
    panels_.push_back(panel);
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

/// Lays the weights [out, in, taps] of one panel out as [tap][in][panel width]; for bf16, by 32 channels of
/// the input: [tap][in / 32][panel width / 16][16 pairs][16 out][2], which are the tiles that AMX wants.
void Convolution::pack(const Tensor& weights, int taps, int first, Panel& panel) {
  const int out = static_cast<int>(weights.shape.at(0)), in = static_cast<int>(weights.shape.at(1));
  const std::int64_t values = std::int64_t{taps} * in_channels_ * panel.width;
  memory_.push_back(std::make_unique<Memory>(values * kernels_->value_bytes));
  std::byte* packed = memory_.back()->data();
  for (int o = 0; o < std::min(panel.width, out - first); ++o) {
    for (int i = 0; i < in; ++i) {
      for (int t = 0; t < taps; ++t) {
        const float value = weights.values[(static_cast<std::size_t>(first + o) * in + i) * taps + t];
        const std::int64_t tap = static_cast<std::int64_t>(t) * in_channels_ * panel.width;
        if (kernels_->precision == Precision::fp32) {
          reinterpret_cast<float*>(packed)[tap + i * panel.width + o] = value;
        } else {
          const int chunk = i / 32 * 32 * panel.width, tile = o / 16 * 512;
          reinterpret_cast<Bf16*>(packed)[tap + chunk + tile + i % 32 / 2 * 32 + o % 16 * 2 + i % 2] = to_bf16(value);
        }
      }
    }
  }
  panel.weights = packed;
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
