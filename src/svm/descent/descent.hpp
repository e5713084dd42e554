#pragma once
// Block dual coordinate descent, distributed by the block-diagonal approximation.

#include <random>

#include "pool3/types.hpp"
#include "svm/descent/block_walk.hpp"
#include "svm/model/columns.hpp"
#include "svm/model/feature_rows.hpp"

namespace pool3::svm {

/// Moves a point downhill, an epoch at a time. Keeps the Gram matrices of this rank's blocks.
class Descent {
 public:
  /// `point` must outlive it. Collective.
  Descent(Point& point, std::uint64_t seed);

  /// Visits every row of every rank once, in random order. Returns sums at the weights of the moment, over all ranks
  /// and columns: an estimate of gap and loss, for free. Collective.
  WalkSums epoch();

  /// Decides the orders to come.
  std::mt19937_64& random() { return random_; }

 private:
  /// What a round changes, as it was before.
  struct Before {
    std::vector<float> w, bias_w;
    std::vector<std::vector<float>> alpha;  ///< by block of the round
  };
  [[nodiscard]] std::int64_t blocks() const;
  [[nodiscard]] RowRange block(std::int64_t b) const;
  WalkSums round(std::span<const std::int32_t> chunk);
  void compute_grams();
  WalkSums visit(std::int64_t b);
  void combine(const Before& before, std::span<const std::int32_t> chunk);
  [[nodiscard]] std::vector<float> step_lengths(const Before& before, std::span<const std::int32_t> chunk) const;

  Point& point_;
  FeatureRows features_;
  std::mt19937_64 random_;
  std::int64_t rounds_;       ///< exchanges of an epoch
  std::vector<float> grams_;  ///< one square a block
  std::vector<float> margins_, delta_, scratch_;
  std::vector<std::int32_t> order_;
};

}  // namespace pool3::svm
