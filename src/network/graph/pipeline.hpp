#pragma once
// Layers that feed each other row by row: each makes a row as soon as the next one asks for it, and keeps only the
// rows that are still read, so that they stay in cache.

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "network/graph/convolution.hpp"

namespace pool3::network {

/// A whole activation at `data`, dense but for the room that the reader of codes needs.
[[nodiscard]] View dense(std::byte* data, int height, int width, int channels, int value_bytes);
/// The same for fine codes.
[[nodiscard]] View dense_fine(std::byte* data, int height, int width, int channels);
[[nodiscard]] std::int64_t bytes_of(const View& view);
/// Channel `c` of picture `n` at a position.
[[nodiscard]] float value_at(const View& view, const ChannelCodes& codes, int y, int x, int n, int c);

/// A part of the network with one input and one output. Immutable once plan() was called.
class Pipeline {
 public:
  /// Number of an activation.
  using Id = std::size_t;
  static constexpr Id input = 0;

  /// `shape` and `codes`: of the input.
  Pipeline(const Kernels& kernels, std::string name, const View& shape, ChannelCodes codes = {});

  // Layers, in an order in which each comes after its source. Each returns its output.
  /// The patches of the pictures, see Kernels; the pipeline's input is not used then.
  Id add_patches();
  /// Layers that share their input and geometry; returns the first output, the others follow it.
  Id add_convolution(std::string name, const Geometry& geometry, const std::vector<Layer>& layers, Id from);
  Id add_max_pool(int stride, Id from);
  /// Of a layer before_pooling(); `layer` is the whole one.
  Id add_average_pool(const Layer& layer, bool count_padding, Id from);
  /// The activation becomes the next channels of the pipeline's output. It must not be read by a layer. Throws Error
  /// if some are in codes and some are not.
  void emit(Id id);
  /// Call after all layers are added. The output is made `rows_at_once` rows at a time: few where activations are
  /// large, many where weights are.
  void plan(int rows_at_once);

  [[nodiscard]] const std::string& name() const { return name_; }
  [[nodiscard]] int channels(Id id) const { return slots_[id].shape.channels; }
  /// Shape of the output, without data.
  [[nodiscard]] const View& output() const { return output_; }
  [[nodiscard]] const ChannelCodes& output_codes() const { return output_codes_; }
  [[nodiscard]] std::int64_t scratch_bytes() const { return scratch_bytes_; }

  /// A row that was just made.
  struct MadeRow {
    const std::string& step;   ///< what made it: "Mixed_5b.heads", or ""
    const std::string& layer;  ///< torchvision's name of the layer whose output it is, or ""
    const View& view;
    const ChannelCodes& codes;
    int y;
  };
  using Watch = std::function<void(const MadeRow& row)>;
  struct Source {
    View activations;
    std::span<const float> pictures;  ///< for patches: [count, 299, 299, 3]
    int count = 0;                    ///< of lanes that have a picture
  };
  /// `out`: the output with its data; `scratch`: scratch_bytes() of memory.
  void run(const Source& source, const View& out, std::byte* scratch, const Watch& watch) const;

 private:
  enum class Kind : std::uint8_t { patches, convolution, max_pool, average_pool };
  struct Node {
    std::string name;
    Kind kind;
    Id from = input;
    std::vector<Id> to;
    int kernel = 1, stride = 1, pad = 0;  ///< along the rows
    std::optional<Convolution> convolution;
    std::vector<float> bias, to_codes;  ///< of an average pool
    bool count_padding = false;
  };
  /// Of one activation.
  struct Slot {
    View shape;
    ChannelCodes codes;
    std::string layer;    ///< torchvision's name
    int node = -1;        ///< that makes it
    std::int64_t at = 0;  ///< bytes from the start of the scratch memory, or in the output
    bool emitted = false;
  };
  struct Run;

  Id add(Node node, std::vector<Slot> slots);
  [[nodiscard]] const Kernels& kernels_of(Id id) const;
  void make_rows(Run& run, std::size_t number, int rows) const;
  void execute(Run& run, const Node& node, int first, int last) const;

  const Kernels& kernels_;
  Pieces weights_;  ///< of the convolutions
  std::string name_;
  std::vector<Node> nodes_;
  std::vector<Slot> slots_;
  View output_;
  ChannelCodes output_codes_;
  int rows_at_once_ = 0;
  std::int64_t scratch_bytes_ = 0;
};

}  // namespace pool3::network
