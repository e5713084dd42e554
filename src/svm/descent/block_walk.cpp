#include "svm/descent/block_walk.hpp"

#include <algorithm>
#include <array>
#include <limits>

#include "svm/algebra/cpu_clones.hpp"

namespace pool3::svm {
namespace {

constexpr std::int64_t widest = 64;

/// Per-column constants of one strip of columns.
struct Strip {
  alignas(64) std::array<float, widest> positive_d, positive_c;
  float negative_d, negative_c;
};

float diagonal(Loss loss, float cost) { return loss == Loss::l2 ? 0.5F / cost : 0.0F; }

Strip make_strip(const ColumnTable& columns, std::int64_t first, std::int64_t width) {
  Strip s{};
  for (std::int64_t j = 0; j < width; ++j) {
    const auto at = static_cast<std::size_t>(j);
    s.positive_c[at] = columns.positive_cost[static_cast<std::size_t>(first + j)];
    s.positive_d[at] = diagonal(columns.loss, s.positive_c[at]);
  }
  s.negative_c = columns.negative_cost;
  s.negative_d = diagonal(columns.loss, s.negative_c);
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
template <int Width, bool Squared>
[[gnu::always_inline]] inline void step_row(const Strip& s, const RowView& row, float* gap, float* loss) {
  const float inverse_weight = 1.0F / row.weight;
  for (int j = 0; j < Width; ++j) {
    const bool is_positive = row.positive[j] == row.label;
    const bool active = row.positive[j] != no_class && row.excluded[j] != row.fold;
    const float y = is_positive ? 1.0F : -1.0F;
    const auto at = static_cast<std::size_t>(j);
    const float d = (is_positive ? s.positive_d[at] : s.negative_d) * inverse_weight;
    const float c = (is_positive ? s.positive_c[at] : s.negative_c) * row.weight;
    const float u = Squared ? std::numeric_limits<float>::max() : c;
    const float a = row.alpha[j];
    const float slack = 1.0F - y * row.f[j];
    const float next = std::min(std::max(a + (slack - d * a) / (row.square + d), 0.0F), u);
    const float xi = std::max(slack, 0.0F);
    const float row_loss = Squared ? c * xi * xi : c * xi;
    const float row_gap = row_loss - a * slack + (Squared ? 0.5F * d * a * a : 0.0F);
    gap[j] += active ? row_gap : 0.0F;
    loss[j] += active ? row_loss : 0.0F;
    row.delta[j] = active ? y * (next - a) : 0.0F;
    row.alpha[j] = active ? next : 0.0F;
  }
}

/// Walks the block for `Width` columns from `first`. `done` [rows, Width]: deltas in the order of the visits.
template <int Width, bool Squared>
[[gnu::always_inline]] inline WalkSums walk_strip(const ColumnTable& columns, const BlockView& block,
                                                  std::int64_t first, float* done) {
  const Strip s = make_strip(columns, first, Width);
  const std::int64_t padded = columns.padded();
  alignas(64) std::array<float, Width> gap{};
  alignas(64) std::array<float, Width> loss{};
  for (std::int64_t t = 0; t < block.rows; ++t) {
    const std::int64_t i = block.order[static_cast<std::size_t>(t)];
    alignas(64) std::array<float, Width> f{};
    std::copy_n(block.margins + i * padded + first, Width, f.begin());
    const float* gram = block.gram + i * block.rows;
    for (std::int64_t v = 0; v < t; ++v) {
      const float g = gram[block.order[static_cast<std::size_t>(v)]];
      const float* d = done + v * Width;
      for (std::size_t j = 0; j < Width; ++j) f[j] += g * d[j];
    }
    const RowView row{.positive = columns.positive_class.data() + first,
                      .excluded = columns.excluded_fold.data() + first,
                      .label = block.labels[i],
                      .fold = block.folds == nullptr ? no_class : block.folds[i],
                      .weight = block.weights == nullptr ? 1.0F : block.weights[i],
                      .square = std::max(gram[i], std::numeric_limits<float>::min()),
                      .f = f.data(),
                      .alpha = block.alpha + i * padded + first,
                      .delta = done + t * Width};
    step_row<Width, Squared>(s, row, gap.data(), loss.data());
    std::copy_n(done + t * Width, Width, block.delta + i * padded + first);
  }
  WalkSums sums;
  for (std::size_t j = 0; j < Width; ++j) {
    sums.gap += static_cast<double>(gap[j]);
    sums.loss += static_cast<double>(loss[j]);
  }
  return sums;
}

template <bool Squared>
[[gnu::always_inline]] inline WalkSums walk_all(const ColumnTable& columns, const BlockView& block, float* scratch) {
  WalkSums total;
  std::int64_t first = 0;
  const std::int64_t padded = columns.padded();
  while (first < padded) {
    WalkSums part;
    if (padded - first >= 64) {
      part = walk_strip<64, Squared>(columns, block, first, scratch);
      first += 64;
    } else if (padded - first >= 32) {
      part = walk_strip<32, Squared>(columns, block, first, scratch);
      first += 32;
    } else {
      part = walk_strip<16, Squared>(columns, block, first, scratch);
      first += 16;
    }
    total.gap += part.gap;
    total.loss += part.loss;
  }
  return total;
}

POOL3_CPU_CLONES WalkSums walk_squared(const ColumnTable& columns, const BlockView& block, float* scratch) {
  return walk_all<true>(columns, block, scratch);
}
POOL3_CPU_CLONES WalkSums walk_hinge(const ColumnTable& columns, const BlockView& block, float* scratch) {
  return walk_all<false>(columns, block, scratch);
}

}  // namespace

WalkSums walk_block(const ColumnTable& columns, const BlockView& block, std::vector<float>& scratch) {
  scratch.resize(static_cast<std::size_t>(block.rows * widest));
  return columns.loss == Loss::l2 ? walk_squared(columns, block, scratch.data())
                                  : walk_hinge(columns, block, scratch.data());
}

}  // namespace pool3::svm
