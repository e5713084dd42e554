#pragma once
// Weights as the kernels multiply them.

#include <cstdint>
#include <vector>

#include "network/graph/layer.hpp"

namespace pool3::network {

/// Widths of the panels that together have `channels` channels or a little more: as few as there can be.
[[nodiscard]] std::vector<int> panel_widths(const Kernels& kernels, int channels);

/// Some output channels of a layer: [begin, end).
struct Outputs {
  int begin, end;
};

/// The weights of some outputs, rounded to what the kernels' precision has.
struct Operand {
  int first = 0;             ///< of the outputs
  Tensor weights;            ///< [outputs, in, ...]
  std::vector<float> steps;  ///< [outputs] what a unit of the sum stands for; empty: 1
  std::vector<float> lost;   ///< [outputs] what rounding took from the sum, for an input of the mean; empty: 0
};

/// `winograd`: the weights are transformed. `from_codes`: of the layer's input. Where the layer says carry, what
/// rounding to codes takes from a weight goes to the next tap of the same channel.
[[nodiscard]] Operand operand_of(const Layer& layer, Outputs outputs, const ChannelCodes& from_codes,
                                 Precision precision, bool winograd);

/// A layer as it reads fine codes: the upper bits of all channels, then the lower bits of all as channels of their own.
[[nodiscard]] Layer on_fine_codes(Layer layer);
/// The codes of these channels.
[[nodiscard]] ChannelCodes of_fine_codes(const ChannelCodes& codes);

/// What the sums of output channel `o` are multiplied by, and what is then added.
struct Factors {
  float scale = 1, bias = 0;
};
[[nodiscard]] Factors factors_of(const Layer& layer, const Operand& operand, int o);

/// G g G^T of weights [out, in, 3, 3]: [out, in, 4, 4]; see winograd.hpp.
[[nodiscard]] Tensor winograd_weights(const Tensor& weights);

/// Where one panel's weights come from, and how they lie.
struct PanelShape {
  int taps, in_channels;  ///< as the kernels read them: padded to their in_unit
  int width;              ///< output channels
};

/// Bytes of a panel's weights.
[[nodiscard]] std::int64_t packed_bytes(const Kernels& kernels, const PanelShape& shape);

/// Lays the weights [outputs, in, taps] of one panel out, neighbours that fill 32 bits together: fp32 [tap][in][width],
/// bf16 [tap][in / 2][width][2], int8 [tap][in / 4][width][4]. For AMX by the 64 bytes of a tile's row: bf16
/// [tap][in / 32][width / 16][16 pairs][16 out][2], int8 [tap][in / 64][width / 16][16 fours][16 out][4].
/// `packed`: packed_bytes() of zeros.
void pack(const Kernels& kernels, const Tensor& weights, const PanelShape& shape, std::byte* packed);

}  // namespace pool3::network
