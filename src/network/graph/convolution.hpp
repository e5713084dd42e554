#pragma once
// One convolution, or several that read the same input, with their weights packed once.

#include <cstring>
#include <memory>
#include <string>
#include <vector>

#include "network/kernels/kernels.hpp"
#include "pool3/network.hpp"

namespace pool3::direct {

/// Memory that starts at a cache line; asks for huge pages. Zero at first.
class Memory {
 public:
  Memory() = default;
  explicit Memory(std::int64_t bytes);
  [[nodiscard]] std::byte* data() const { return data_.get(); }

 private:
  struct Free {
    void operator()(std::byte* data) const { std::free(data); }  // NOLINT(*-no-malloc): this is the RAII
  };
  std::unique_ptr<std::byte, Free> data_;
};

/// What one layer computes.
struct Layer {
  std::string name;         ///< torchvision's
  Tensor weight;            ///< [out, in, height, width]
  std::vector<float> bias;  ///< [out]
  ChannelCodes codes;       ///< [out] of its output; empty: not in codes
};

/// A layer of the network, with codes for int8 kernels. REQUIRES: `weights` are complete.
[[nodiscard]] Layer layer_named(const Kernels& kernels, const Weights& weights, const std::string& name);
/// The layer without bias, ReLU and codes, for an average pool that brings them.
[[nodiscard]] Layer before_pooling(Layer layer);
[[nodiscard]] Geometry geometry_of(const std::string& name);

/// G g G^T of weights [out, in, 3, 3]: [out, in, 4, 4]; see winograd.hpp.
[[nodiscard]] Tensor winograd_weights(const Tensor& weights);

/// Immutable after construction.
class Convolution {
 public:
  /// All layers have one geometry and one input, of the shape and codes of `from`. `kernels`: that read it.
  Convolution(const Kernels& kernels, const Geometry& geometry, const std::vector<Layer>& layers, const View& from,
              const ChannelCodes& from_codes);
  [[nodiscard]] const Geometry& geometry() const { return geometry_; }
  [[nodiscard]] int out_height() const { return out_height_; }
  [[nodiscard]] int out_width() const { return out_width_; }
  /// Channels of one layer's output, as the next layer reads them: a multiple of the kernels' unit.
  [[nodiscard]] int out_channels(std::size_t layer = 0) const { return out_channels_.at(layer); }
  /// Rows are made in multiples of this.
  [[nodiscard]] int row_unit() const { return winograd_ ? 2 : 1; }
  /// Computes rows [row_begin, row_end) of every layer's output; `to` has a view for each.
  void run(const View& from, std::span<const View> to, int row_begin, int row_end) const;

 private:
  void add_layer(const Layer& layer, const ChannelCodes& from_codes, int number);
  std::byte* room(std::int64_t bytes);
  const std::byte* pack(const Tensor& weights, int taps, int first, int width);

  const Kernels* kernels_;
  Geometry geometry_;
  bool winograd_;
  int in_channels_ = 0, out_height_ = 0, out_width_ = 0;
  std::vector<int> out_channels_;
  std::vector<Panel> panels_;
  std::vector<std::unique_ptr<Memory>> memory_;  ///< of the panels
};

}  // namespace pool3::direct
