// How large each channel of each layer gets, and so what its 8-bit codes stand for.

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "network/graph/inception.hpp"
#include "network/kernels/kernel_table.hpp"
#include "pool3/error.hpp"
#include "pool3/network.hpp"
#include "pool3/numbers.hpp"

namespace pool3 {
namespace network {
namespace {

/// What one layer gave.
struct Seen {
  std::vector<Bf16> largest;  ///< [channels] as bits: those of numbers that are not negative have their order
  std::vector<double> sums;   ///< [channels]
  std::int64_t count = 0;     ///< values of each channel

  void add(const View& view, int y, int pictures);
};
using SeenLayers = std::map<std::string, Seen>;

void Seen::add(const View& view, int y, int pictures) {
  const auto channels = static_cast<std::size_t>(view.channels);
  largest.resize(channels);
  sums.resize(channels);
  count += std::int64_t{view.width} * pictures;
  for (int x = 0; x < view.width; ++x) {
    for (int n = 0; n < pictures; ++n) {
      const auto* values = reinterpret_cast<const Bf16*>(view.at(y, x) + n * view.stride);
      for (std::size_t c = 0; c < channels; ++c) {
        largest[c] = std::max(largest[c], values[c]);
        sums[c] += double{float_of_bf16(values[c])};
      }
    }
  }
}

/// The range of a channel's codes is the geometric mean of the channel's and the layer's: the better the codes resolve
/// a small channel, the worse the weights that read it, which have 8 bits, too. See SmoothQuant, arXiv:2211.10438,
/// with alpha = 1/2.
ChannelCodes codes_of(const Seen& seen, int channels, bool fine) {
  constexpr float least_share = 0.02F;  // for channels that stay nearly zero
  const float most_code = fine ? 2047 : 255;
  const float most = float_of_bf16(*std::ranges::max_element(seen.largest));
  ChannelCodes codes;
  for (std::size_t c = 0; c < static_cast<std::size_t>(channels); ++c) {
    codes.steps.push_back(std::sqrt(std::max(float_of_bf16(seen.largest[c]), least_share * most) * most) / most_code);
    codes.means.push_back(static_cast<float>(seen.sums[c] / static_cast<double>(seen.count)));
  }
  return codes;
}

void check_codes(const ChannelCodes& codes, const std::string& layer) {
  const auto bad = [](float step) { return !std::isfinite(step) || step <= 0; };
  if (std::ranges::any_of(codes.steps, bad))
    throw Error({.stage = "calibrate",
                 .cause = fmt::format("layer {} gives nothing, or nothing finite, for all the pictures", layer),
                 .advice = "check the weights, or take other pictures"});
}

}  // namespace
}  // namespace network

void calibrate(Weights& weights, std::span<const float> input, int count) {
  if (!weights.torchscript.empty())
    throw Error({.stage = "calibrate", .path = weights.source, .cause = "a TorchScript network can't be calibrated"});
  if (count < 1) throw Error({.stage = "calibrate", .cause = "no pictures", .advice = "give some that can be read"});
  const network::Kernels* kernels = network::exact_kernels();
  if (kernels == nullptr)
    throw Error({.stage = "calibrate",
                 .cause = "this CPU has no AVX2",
                 .advice = "calibrate elsewhere: the file is the same on every CPU"});
  network::SeenLayers seen;
  network::watch_layers(*kernels, weights, input, count, [&](const network::Pipeline::MadeRow& row, int pictures) {
    seen[row.layer].add(row.view, row.y, pictures);
  });
  weights.codes.clear();
  for (const ConvolutionShape& shape : convolution_shapes()) {
    if (!has_codes(shape.name)) continue;
    ChannelCodes codes = network::codes_of(seen.at(shape.name), shape.out_channels, has_fine_codes(shape.name));
    network::check_codes(codes, shape.name);
    weights.codes[shape.name] = std::move(codes);
  }
}

}  // namespace pool3
