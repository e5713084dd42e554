#pragma once
// How kernels that compute with vectors go through rows and channels. To be included by one file for each; see
// convolve.hpp.

#include "network/kernels/convolve.hpp"

namespace pool3::network {
namespace {

/// Base of a `Kernel` that has some<rows, vectors, width>(taps, panel, first channel, first, stride, to, to stride):
/// up to `most` rows by some vectors of `channels` channels. Here a panel's 48 or 32 channels become vectors, and any
/// number of rows becomes calls of it.
template <typename Kernel, int channels, int most>
class RowsByVectors {
 public:
  static constexpr int positions = 1, most_rows = most;

  void block(std::span<const Tap<1>> taps, const Panel& panel, const std::array<std::byte*, 1>& to,
             std::int64_t to_stride) const {
    rows(taps, panel, to[0], {.count = pictures_, .from = stride_, .to = to_stride});
  }
  void rows(std::span<const Tap<1>> taps, const Panel& panel, std::byte* to, const Rows& of) const {
    if (panel.width == 48) {
      by_vectors<3, 48>(taps, panel, to, of);
    } else {
      by_vectors<2, 32>(taps, panel, to, of);
    }
  }
  void finish() {}

 private:
  friend Kernel;
  explicit RowsByVectors(const ConvolutionTask& task) : stride_(task.from.stride), pictures_(task.from.pictures) {}

  template <int vectors, int width>
  void by_vectors(std::span<const Tap<1>> taps, const Panel& panel, std::byte* to, const Rows& of) const {
    const auto& kernel = static_cast<const Kernel&>(*this);
    for (int c = 0; c < width; c += vectors * channels)
      in_rows<most>(of.count, of.exact, [&](auto some_rows, int n) {
        kernel.template some<some_rows, vectors, width>(taps, panel, c, n * of.from, of.from, to + n * of.to, of.to);
      });
  }

  std::int64_t stride_;
  int pictures_;
};

}  // namespace
}  // namespace pool3::network
