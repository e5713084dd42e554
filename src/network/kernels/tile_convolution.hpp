#pragma once
// Convolutions by tiles: sixteen rows of 64 bytes, two of which one instruction multiplies. To be included by one file
// for each kind; see convolve.hpp.
//
// Tiles: load<tile>(from, stride), load_weights<tile, past_cache>(from) whose rows follow each other, zero<tile>(),
// store<tile>(to, stride); multiply<In, sum, a, b>(), which adds to a tile of sums what TDPBUSD (In: codes) or
// TDPBF16PS (bf16) adds; begin() and end(), see Kernels; and `Vectors` of 16 floats for what happens to the sums then.

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <type_traits>

#include "network/kernels/convolve.hpp"
#include "network/kernels/pools.hpp"

namespace pool3::network {
namespace {

inline constexpr int tile_bytes = 1024;
inline constexpr int row_bytes = 64;  // of a tile: the channels of the input that are in one

/// Two positions by 32 channels: tiles 0 to 3 are the sums, 4 and 5 the inputs, 6 and 7 the weights. The sums of a
/// block are finished and written while the next block's are made.
template <typename Tiles, typename In, bool stream>
class TileKernel {
 public:
  using Value = In;
  static constexpr int positions = 2;

  explicit TileKernel(const ConvolutionTask& task)
      : stride_(task.from.stride), chunks_(task.in_channels * static_cast<int>(sizeof(In)) / row_bytes) {}

  void block(std::span<const Tap<2>> taps, const Panel& panel, const std::array<std::byte*, 2>& to,
             std::int64_t to_stride) {
    const auto chunks = static_cast<unsigned>(taps.size()) * static_cast<unsigned>(chunks_);
    const unsigned share = (2 * lanes + chunks - 1) / chunks;
    Tiles::template zero<0>();
    Tiles::template zero<1>();
    Tiles::template zero<2>();
    Tiles::template zero<3>();
    for (const Tap<2>& tap : taps) {
      const std::byte* weights = panel.weights + tap.weights * 32;
      if (tap.from[0] != nullptr && tap.from[1] != nullptr) {
        add<true, true>(tap, weights, share);
      } else if (tap.from[0] != nullptr) {
        add<true, false>(tap, weights, share);
      } else {
        add<false, true>(tap, weights, share);
      }
    }
    Tiles::template store<0>(sums_.data(), 128);
    Tiles::template store<1>(sums_.data() + 16, 128);
    Tiles::template store<2>(sums_.data() + 512, 128);
    Tiles::template store<3>(sums_.data() + 528, 128);
    pending_ = {.bias = panel.bias,
                .scale = panel.scale,
                .relu = panel.relu,
                .codes = panel.codes,
                .lower = panel.lower,
                .to = to,
                .stride = to_stride,
                .row = 0,
                .rows = to[1] == nullptr ? unsigned{lanes} : 2U * lanes};
  }

  void finish() { write(2 * lanes); }

 private:
  using Sum = std::conditional_t<sizeof(In) == 1, std::int32_t, float>;
  using Vectors = typename Tiles::Vectors;
  using Floats = typename Vectors::Floats;

  /// The products of one tap for the positions where it is inside the picture; `share`: rows to write with each chunk.
  template <bool first, bool second>
  [[gnu::always_inline]] void add(const Tap<2>& tap, const std::byte* weights, unsigned share) {
    for (int c = 0; c < chunks_; ++c, weights += 2 * tile_bytes) {
      if constexpr (first) Tiles::template load<4>(tap.from[0] + c * 64, stride_);
      Tiles::template load_weights<6, stream>(weights);
      if constexpr (first) Tiles::template multiply<In, 0, 4, 6>();
      if constexpr (second) Tiles::template load<5>(tap.from[1] + c * 64, stride_);
      if constexpr (second) Tiles::template multiply<In, 2, 5, 6>();
      Tiles::template load_weights<7, stream>(weights + tile_bytes);
      if constexpr (first) Tiles::template multiply<In, 1, 4, 7>();
      if constexpr (second) Tiles::template multiply<In, 3, 5, 7>();
      write(share);
    }
  }

  /// What happens to the sums.
  struct Pending {
    const float* bias = nullptr;
    const float* scale = nullptr;
    bool relu = false, codes = false;
    int lower = 0;
    std::array<std::byte*, 2> to{};
    std::int64_t stride = 0;
    unsigned row = 0, rows = 0;
  };

  /// Up to `count` rows of the pending block.
  void write(unsigned count) {
    const Pending p = pending_;
    const unsigned end = std::min(p.row + count, p.rows);
    if (p.row == end) return;
    pending_.row = end;
    if (p.scale == nullptr) {
      write_rows(p, end, [](Floats sum, Floats, Floats bias) { return Vectors::add(sum, bias); });
    } else {
      write_rows(p, end, [](Floats sum, Floats scale, Floats bias) { return Vectors::multiply_add(sum, scale, bias); });
    }
  }

  template <typename Finish>
  void write_rows(const Pending& p, unsigned end, Finish finish) {
    const float* scales = p.scale == nullptr ? p.bias : p.scale;
    const Floats low_scale = Vectors::load(scales), high_scale = Vectors::load(scales + 16);
    const Floats low_bias = Vectors::load(p.bias), high_bias = Vectors::load(p.bias + 16);
    const Floats floor = Vectors::all_of(p.relu ? 0.0F : -__builtin_inff());
    for (unsigned n = p.row; n < end; ++n) {
      const Sum* sums = sums_.data() + n * 32;
      const Floats low = Vectors::at_least(floor, finish(Vectors::load_sums(sums), low_scale, low_bias));
      const Floats high = Vectors::at_least(floor, finish(Vectors::load_sums(sums + 16), high_scale, high_bias));
      std::byte* to = (n < lanes ? p.to[0] : p.to[1]) + (n % lanes) * p.stride;
      if (p.lower != 0) {
        Vectors::store_fine_codes(low, to, to + p.lower);
        Vectors::store_fine_codes(high, to + 16, to + 16 + p.lower);
      } else if (p.codes) {
        Vectors::store_codes(low, high, to);
      } else {
        Vectors::store_bf16(low, high, to);
      }
    }
  }

  std::int64_t stride_;
  int chunks_;
  Pending pending_;
  alignas(64) std::array<Sum, 1024> sums_;  ///< [2 positions][16 pictures][32 channels]
};

/// Weights of a layer that stay in the L1 cache beside its input.
inline constexpr std::int64_t small_weights = 20 << 10;

template <typename Tiles, typename In>
void convolve_some(const ConvolutionTask& task) {
  const std::int64_t bytes = std::int64_t{task.geometry.taps()} * task.in_channels * 32 *
                             static_cast<std::int64_t>(sizeof(In) * task.panels.size());
  if (bytes > small_weights) {
    convolve<TileKernel<Tiles, In, true>>(task);
  } else {
    convolve<TileKernel<Tiles, In, false>>(task);
  }
}

/// In: what is read, bf16 or codes. `uncoded`: for what is not in codes.
template <typename Tiles, typename In>
Kernels tile_kernels(const char* name, const Kernels* uncoded = nullptr) {
  return {.name = name,
          .precision = sizeof(In) == 1 ? Precision::int8 : Precision::bf16,
          .value_bytes = sizeof(In),
          .in_unit = row_bytes / static_cast<int>(sizeof(In)),
          .out_unit = 32,
          .widths = {32, 0},
          .tiles = true,
          .uncoded = uncoded,
          .begin = Tiles::begin,
          .end = Tiles::end,
          .convolve = convolve_some<Tiles, In>,
          .winograd = nullptr,
          .patches = patches<Bf16>,
          .max_pool = max_pool<In>,
          .average_pool = average_pool<Bf16>,
          .mean = mean<Bf16>};
}

}  // namespace
}  // namespace pool3::network
