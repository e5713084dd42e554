#pragma once
// One convolution, or several that read the same input, with their weights packed once.

#include <span>
#include <vector>

#include "network/graph/aligned_memory.hpp"
#include "network/graph/layer.hpp"
#include "network/kernels/kernels.hpp"

namespace pool3::network {

/// Immutable after construction.
class Convolution {
 public:
  /// All layers have one geometry and one input, of the shape and codes of `from`. `kernels`: that read it. `pieces`:
  /// memory for the weights, which must live as long; null: its own.
  Convolution(const Kernels& kernels, const Geometry& geometry, const std::vector<Layer>& layers, const View& from,
              const ChannelCodes& from_codes, Pieces* pieces = nullptr);
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
  void add_layer(const Layer& layer, const ChannelCodes& from_codes, int number, Pieces& pieces);

  const Kernels* kernels_;
  Geometry geometry_;
  bool winograd_;
  int in_channels_ = 0, out_height_ = 0, out_width_ = 0;
  std::vector<int> out_channels_;
  std::vector<Panel> panels_;
  Pieces own_;  ///< memory of the panels, where no other was given
};

}  // namespace pool3::network
