#pragma once
// A small convolutional network that is trained from nothing, beside which Inception-v3's features are measured. No
// MPI.

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

namespace pool3 {

/// What it is for.
struct SmallNetworkShape {
  std::int64_t side = 64;  ///< of square pictures; a multiple of 8
  std::int64_t classes = 2;
};

/// Two convolutions (5 x 5 to 16 maps at half the size, 3 x 3 to 32), each with ReLU and pooled by 2, a dense layer of
/// 128 with ReLU, and one to the classes. Its parameters are the caller's. Each call uses the calling thread alone.
/// Throws Error.
class SmallNetwork {
 public:
  virtual ~SmallNetwork() = default;
  /// How many numbers each layer's weights have, and how many inputs each of its units; weights and biases in turn.
  struct Layer {
    std::int64_t numbers = 0;
    std::int64_t inputs = 0;  ///< 0 of biases
  };
  [[nodiscard]] virtual std::vector<Layer> layers() const = 0;
  /// The sum of the cross-entropies of some pictures [labels, 3, side, side]; adds its gradient to `gradient`, which is
  /// as long as `parameters`.
  [[nodiscard]] virtual double add_gradient(std::span<const float> parameters, std::span<const float> pictures,
                                            std::span<const std::int64_t> labels, std::span<float> gradient) const = 0;
  /// Probabilities [count, classes].
  [[nodiscard]] virtual std::vector<float> probabilities(std::span<const float> parameters,
                                                         std::span<const float> pictures) const = 0;
};

/// Loads LibTorch. Throws Error.
[[nodiscard]] std::unique_ptr<SmallNetwork> open_small_network(const SmallNetworkShape& shape);

}  // namespace pool3
