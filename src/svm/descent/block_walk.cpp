#include "svm/descent/block_walk.hpp"

#include <algorithm>
#include <array>
#include <limits>

#include "pool3/numbers/target_clones.hpp"
#include "svm/model/loss.hpp"

// Own loops, with a version for each level of CPU: 1.4 times as fast as Eigen's arrays, which are compiled for the
// lowest level, even without the folds, weights and sums (bench_svm_products: 112 columns, EPYC Zen 5).

namespace pool3::svm {
namespace {

constexpr std::int64_t widest = 64;

/// Per-column constants of one strip of columns, for rows of weight 1.
struct Strip {
  alignas(64) std::array<float, widest> positive_cost;
  float negative_cost;
};

Strip make_strip(const ColumnTable& columns, std::int64_t first, std::int64_t width) {
  Strip s{.positive_cost = {}, .negative_cost = columns.negative_cost};
  std::copy_n(columns.positive_cost.begin() + first, width, s.positive_cost.begin());
  return s;
}

/// One row in the columns of a strip: where its numbers are.
struct RowView {
  const std::int32_t* positive;  ///< class of each column
  const std::int32_t* excluded;  ///< fold of each column
  std::int32_t label, fold;
  float weight;    ///< factor on C
  float square;    ///< |x|^2, bias included
  const float* f;  ///< current margins
  float* alpha;
  float* delta;  ///< out
};

/// The step of one row in `Width` columns. `gap`, `loss` [Width]: added to.
template <int Width, typename RowLoss>
[[gnu::always_inline]] inline void step_row(const Strip& s, const RowView& row, float* gap, float* loss) {
  for (int j = 0; j < Width; ++j) {
    // Values first, and factors in place of conditions: a branch is not vectorised.
    const std::int32_t positive = row.positive[j], excluded = row.excluded[j];
    const bool is_positive = positive == row.label;
    const float counts = (positive != no_class ? 1.0F : 0.0F) * (excluded != row.fold ? 1.0F : 0.0F);
    const float y = is_positive ? 1.0F : -1.0F;
    const float positive_cost = s.positive_cost[static_cast<std::size_t>(j)];
    const float cost = (is_positive ? positive_cost : s.negative_cost) * row.weight;
    const float d = RowLoss::diagonal(cost);
    const float a = row.alpha[j];
    const float slack = 1.0F - y * row.f[j];
    const float free = positive_part(a + (slack - d * a) / (row.square + d));
    const float next = counts * smaller(free, RowLoss::upper_limit(cost));
    gap[j] += counts * RowLoss::gap(cost, slack, a);
    loss[j] += counts * RowLoss::loss(cost, slack);
    row.delta[j] = y * (next - a);
    row.alpha[j] = next;
  }
}

/// Walks the block for `Width` columns from `first`. `done` [rows, Width]: deltas in the order of the visits.
template <int Width, typename RowLoss>
[[gnu::always_inline]] inline WalkSums walk_strip(const ColumnTable& columns, BlockView& block, std::int64_t first,
                                                  float* done) {
  const Strip s = make_strip(columns, first, Width);
  const std::int64_t rows = block.gram.rows(), stride = columns.width();
  const float* const margins = block.margins.data();
  alignas(64) std::array<float, Width> gap{};
  alignas(64) std::array<float, Width> loss{};
  for (std::int64_t t = 0; t < rows; ++t) {
    const std::int64_t i = block.order[index(t)];
    alignas(64) std::array<float, Width> f{};
    std::copy_n(margins + i * stride + first, Width, f.begin());
    const float* gram = block.gram.data() + i * rows;
    for (std::int64_t v = 0; v < t; ++v) {
      const float g = gram[block.order[index(v)]];
      const float* d = done + v * Width;
      for (std::size_t j = 0; j < Width; ++j) f[j] += g * d[j];
    }
    const RowView row{.positive = columns.positive_class.data() + first,
                      .excluded = columns.excluded_fold.data() + first,
                      .label = block.labels[index(i)],
                      .fold = block.folds.empty() ? no_class : block.folds[index(i)],
                      .weight = block.weights.empty() ? 1.0F : block.weights[index(i)],
                      .square = std::max(gram[i], std::numeric_limits<float>::min()),
                      .f = f.data(),
                      .alpha = block.alpha.data() + i * stride + first,
                      .delta = done + t * Width};
    step_row<Width, RowLoss>(s, row, gap.data(), loss.data());
    std::copy_n(done + t * Width, Width, block.delta.data() + i * stride + first);
  }
  WalkSums sums;
  for (std::size_t j = 0; j < Width; ++j) sums += {static_cast<double>(gap[j]), static_cast<double>(loss[j])};
  return sums;
}

template <typename RowLoss>
[[gnu::always_inline]] inline WalkSums walk_all(const ColumnTable& columns, BlockView& block, float* scratch) {
  WalkSums total;
  std::int64_t first = 0;
  const std::int64_t width = columns.width();
  for (; width - first >= 64; first += 64) total += walk_strip<64, RowLoss>(columns, block, first, scratch);
  for (; width - first >= 32; first += 32) total += walk_strip<32, RowLoss>(columns, block, first, scratch);
  for (; width - first >= 16; first += 16) total += walk_strip<16, RowLoss>(columns, block, first, scratch);
  return total;
}

POOL3_TARGET_CLONES WalkSums walk(SquaredHinge /*loss*/, const ColumnTable& columns, BlockView& block, float* scratch) {
  return walk_all<SquaredHinge>(columns, block, scratch);
}
POOL3_TARGET_CLONES WalkSums walk(Hinge /*loss*/, const ColumnTable& columns, BlockView& block, float* scratch) {
  return walk_all<Hinge>(columns, block, scratch);
}

}  // namespace

WalkSums walk_block(const ColumnTable& columns, BlockView& block, std::vector<float>& scratch) {
  scratch.resize(index(block.gram.rows() * widest));
  return with_loss(columns.loss, [&](auto loss) { return walk(loss, columns, block, scratch.data()); });
}

}  // namespace pool3::svm
