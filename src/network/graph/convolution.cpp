#include "network/graph/convolution.hpp"

#include <algorithm>

#include "network/graph/weight_packing.hpp"

namespace pool3::network {
namespace {

int round_up(int value, int unit) { return (value + unit - 1) / unit * unit; }

}  // namespace

Convolution::Convolution(const Kernels& kernels, const Geometry& geometry, const std::vector<Layer>& layers,
                         const View& from, const ChannelCodes& from_codes, Pieces* pieces)
    : kernels_(&kernels),
      geometry_(geometry),
      winograd_(kernels.winograd != nullptr && geometry.kernel_height == 3 && geometry.kernel_width == 3 &&
                geometry.stride == 1 && geometry.pad_height == geometry.pad_width),
      in_channels_(
          round_up(static_cast<int>(layers.front().weights().shape.at(1)) * (from.fine ? 2 : 1), kernels.in_unit)),
      out_height_((from.height + 2 * geometry.pad_height - geometry.kernel_height) / geometry.stride + 1),
      out_width_((from.width + 2 * geometry.pad_width - geometry.kernel_width) / geometry.stride + 1) {
  for (const Layer& layer : layers) {
    const int number = static_cast<int>(out_channels_.size());
    Pieces& memory = pieces == nullptr ? own_ : *pieces;
    from.fine ? add_layer(on_fine_codes(layer), of_fine_codes(from_codes), number, memory)
              : add_layer(layer, from_codes, number, memory);
  }
}

void Convolution::add_layer(const Layer& layer, const ChannelCodes& from_codes, int number, Pieces& pieces) {
  const int channels = static_cast<int>(layer.weights().shape.at(0));
  out_channels_.push_back(round_up(channels, kernels_->out_unit));
  const bool codes = !layer.codes.steps.empty();
  const int out_bytes = codes ? 1 : uncoded(*kernels_).value_bytes;
  int first = 0;
  for (const int width : panel_widths(*kernels_, channels)) {
    const int count = std::min(width, channels - first);
    const Operand operand = operand_of(layer, {first, first + count}, from_codes, kernels_->precision, winograd_);
    auto* bias = reinterpret_cast<float*>(pieces.take(width * std::int64_t{sizeof(float)}));
    auto* scale = reinterpret_cast<float*>(pieces.take(width * std::int64_t{sizeof(float)}));
    for (int i = 0; i < count; ++i) {
      const Factors factors = factors_of(layer, operand, first + i);
      scale[i] = factors.scale;
      bias[i] = factors.bias;
    }
    const PanelShape shape = {.taps = winograd_ ? 16 : geometry_.taps(), .in_channels = in_channels_, .width = width};
    std::byte* packed = pieces.take(packed_bytes(*kernels_, shape));
    pack(*kernels_, operand.weights, shape, packed);
    panels_.push_back({.weights = packed,
                       .bias = bias,
                       .scale = codes || !operand.steps.empty() ? scale : nullptr,
                       .width = width,
                       .relu = !layer.bias.empty(),
                       .codes = codes,
                       .lower = layer.fine ? out_channels_.back() : 0,
                       .output = number,
                       .offset = static_cast<std::int64_t>(first) * out_bytes});
    first += width;
  }
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

}  // namespace pool3::network
