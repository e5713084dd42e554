#pragma once
// Block dual coordinate descent, distributed by the block-diagonal approximation.

#include <random>

#include "pool3/types.hpp"
#include "svm/descent/block_walk.hpp"
#include "svm/model/feature_rows.hpp"
#include "svm/model/iterate.hpp"

namespace pool3::svm {

/// Moves an iterate with v = w(a) downhill, an epoch at a time. Keeps the Gram matrices of this rank's blocks.
class Descent {
 public:
  /// Both must outlive it. Collective.
  Descent(const Objective& objective, Iterate<float>& iterate, std::uint64_t seed);

  /// Visits every row of every rank once, in random order. Returns sums at the weights of the moment, over all ranks
  /// and columns: an estimate of gap and loss, for free. Collective.
  WalkSums epoch();

  /// Decides the orders to come.
  std::mt19937_64& random() { return random_; }

 private:
  /// What a round changes, as it was before.
  struct Before {
    Matrix<float> v;
    std::vector<Matrix<float>> alpha;  ///< by block of the round
  };
  using Chunk = std::span<const std::int32_t>;  ///< some blocks of this rank
  [[nodiscard]] std::int64_t blocks() const;
  [[nodiscard]] RowRange block(std::int64_t b) const;
  [[nodiscard]] auto alpha_of(std::int64_t b) const {
    return iterate_.alpha.middleRows(block(b).begin, block(b).size());
  }
  WalkSums round(Chunk chunk);
  void compute_grams();
  WalkSums visit(std::int64_t b);
  void combine(const Before& before, Chunk chunk);
  [[nodiscard]] PerColumn<float> step_lengths(const Before& before, Chunk chunk) const;

  const Objective& objective_;
  Iterate<float>& iterate_;
  FeatureRows features_;
  std::mt19937_64 random_;
  std::int64_t rounds_;               ///< exchanges of an epoch
  std::vector<Matrix<float>> grams_;  ///< one a block
  Matrix<float> margins_, delta_;
  std::vector<float> scratch_;
  std::vector<std::int32_t> order_;
};

}  // namespace pool3::svm
