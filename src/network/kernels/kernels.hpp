#pragma once
// What the layers of Inception-v3 are computed with: the functions that each set of instructions has. Which of them run
// is in kernel_table.hpp.
//
// Sixteen pictures run side by side. Activations are [height][width][16 pictures][channels]: a position of the image
// is 16 rows of channels, one below the other, so that every convolution, whatever its stride and padding, is a sum
// over taps of [16, channels in] x [channels in, channels out]. What lies outside the picture is left out. Of few
// pictures the kernels with vectors take several positions at once in place of the pictures: each sum is made in the
// same order.

#include <cstddef>
#include <cstdint>
#include <span>

#include "pool3/types.hpp"

namespace pool3::network {

/// Pictures side by side: the rows of an AMX tile. A lane is the place of one of them.
inline constexpr int lanes = 16;

/// Room for the 27 values of a patch.
inline constexpr int patch_channels = 32;

/// What a unit of the upper 8 bits of a fine code is worth in units of the lower ones.
inline constexpr int fine_unit = 8;

/// bfloat16 as its bits: the upper half of a float.
using Bf16 = std::uint16_t;

/// Activations of 16 pictures, or some channels of them. The memory may hold the last `rows` rows alone: row y lies
/// where y modulo rows says.
struct View {
  std::byte* data = nullptr;
  int height = 0, width = 0, channels = 0, rows = 0;
  int pictures = lanes;     ///< lanes that have one, the first ones; what is in the others is of no use
  int value_bytes = 0;      ///< 4: float; 2: bfloat16; 1: codes, see ChannelCodes
  bool fine = false;        ///< codes of 11 bits: the upper 8 of a picture's channels, then the lower 3 of all of them
  std::int64_t stride = 0;  ///< bytes from one picture's channels to the next picture's
  std::int64_t step = 0;    ///< bytes from one position to the next
  std::int64_t row_bytes = 0;  ///< from one row to the next

  [[nodiscard]] std::byte* at(int y, int x) const { return data + (y % rows) * row_bytes + x * step; }
};

struct Geometry {
  int kernel_height = 1, kernel_width = 1, stride = 1, pad_height = 0, pad_width = 0;
  [[nodiscard]] int taps() const { return kernel_height * kernel_width; }
};

/// Some neighbouring output channels of a convolution, with their weights packed, see pack().
struct Panel {
  const std::byte* weights = nullptr;
  const float* bias = nullptr;   ///< [width], added to the sum
  const float* scale = nullptr;  ///< [width], of the sum, before the bias is added; null: 1, and no codes
  int width = 0;
  bool relu = true;
  bool codes = false;       ///< what is written; else what the kernels read, or their uncoded kind
  int lower = 0;            ///< of fine codes: bytes from the upper bits to the lower ones; else 0
  int output = 0;           ///< index of the view that it goes to
  std::int64_t offset = 0;  ///< bytes of its first channel there
};

/// Rows [row_begin, row_end) of a convolution's outputs, which all have one shape.
struct ConvolutionTask {
  View from;
  Geometry geometry;
  int in_channels = 0;  ///< a multiple of the kernels' in_unit
  std::span<const Panel> panels;
  std::span<const View> to;
  int row_begin = 0, row_end = 0;
};

/// Immutable; every function works on the calling thread alone, and allocates nothing but thread_scratch().
struct Kernels {
  const char* name;     ///< "amx-bf16"
  Precision precision;  ///< of the activations read, and of the weights; sums are fp32, or int32 for int8
  int value_bytes;      ///< of an activation that is read
  int in_unit;          ///< channels that are read are padded to a multiple of this; what is there has weights of zero
  int out_unit;         ///< channels that are written are padded to a multiple of this, with zeros
  int widths[2];        ///< NOLINT(modernize-avoid-c-arrays): of panels, larger one first; 0: none
  bool tiles;           ///< weights lie as AMX reads them, see pack()
  /// For activations that are not in codes; null: these themselves.
  const Kernels* uncoded;

  /// Once on each thread before its first call of convolve(), again after other code may have used AMX.
  void (*begin)();
  void (*end)();
  void (*convolve)(const ConvolutionTask& task);
  /// The same for kernels of 3 x 3 with stride 1 and weights as winograd_weights() makes them; null if there is none.
  /// row_begin is even.
  void (*winograd)(const ConvolutionTask& task);
  /// Row `y` of the 3 x 3 patches, with stride 2, of pictures [count, 299, 299, 3]: 27 channels, then anything finite.
  /// A picture's channels are patch_channels apart.
  void (*patches)(const float* pictures, int count, int y, const View& to);
  /// Row `y` of the 3 x 3 maximum. `stride` 2: no padding; 1: padded. REQUIRES: no value is negative.
  void (*max_pool)(const View& from, int stride, int y, const View& to);
  /// Row `y` of relu(average of 3 x 3, + bias), padded. `count_padding`: divide by 9 everywhere, not by the number of
  /// positions inside. `codes`: null, or what a value is multiplied by to become one.
  void (*average_pool)(const View& from, const float* bias, const float* codes, bool count_padding, int y,
                       const View& to);
  /// out[picture, c] = mean over all positions, summed in float; pictures 0 .. count - 1.
  void (*mean)(const View& from, int count, float* out);
};

/// The kernels for activations that are not in codes.
[[nodiscard]] inline const Kernels& uncoded(const Kernels& kernels) {
  return kernels.uncoded == nullptr ? kernels : *kernels.uncoded;
}

}  // namespace pool3::network
