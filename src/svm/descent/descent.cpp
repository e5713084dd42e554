#include "svm/descent/descent.hpp"

#include <algorithm>
#include <array>
#include <numeric>

#include "pool3/partition.hpp"
#include "svm/algebra/matrix.hpp"

namespace pool3::svm {
namespace {

/// Rows of a block. The walk costs b / (4 d) of the products' flops, but the products want wide panels.
constexpr std::int64_t block_rows = 128;
/// Most times in an epoch that ranks exchange their updates.
constexpr std::int64_t rounds_per_epoch = 8;

/// Calls `use(column, before, step)` on every entry of w and of its bias row.
template <typename Use>
void for_each_weight(const Point& p, const std::vector<float>& w, const std::vector<float>& bias_w, const Use& use) {
  const std::int64_t padded = p.padded();
  for (std::int64_t r = 0; r < p.problem.dim; ++r)
    for (std::int64_t j = 0; j < padded; ++j) use(j, w[index(r * padded + j)], p.w[index(r * padded + j)]);
  for (std::int64_t j = 0; j < padded; ++j) use(j, bias_w[index(j)], p.bias_w[index(j)]);
}

}  // namespace

Descent::Descent(Point& point, std::uint64_t seed)
    : point_(point),
      features_(point.problem),
      random_(seed + 1000003U * static_cast<std::uint64_t>(point.comm.rank())) {
  const auto most_blocks = static_cast<std::int64_t>(point.comm.max(static_cast<double>(blocks())));
  rounds_ = point.comm.size() == 1 ? 1 : std::clamp<std::int64_t>(most_blocks, 1, rounds_per_epoch);
}

std::int64_t Descent::blocks() const { return block_count(point_.problem.rows, block_rows); }
RowRange Descent::block(std::int64_t b) const { return block_range(point_.problem.rows, block_rows, b); }

/// At the first epoch: Newton's method may be all that a problem needs.
void Descent::compute_grams() {
  margins_.resize(index(block_rows * point_.padded()));
  delta_.resize(index(block_rows * point_.padded()));
  grams_.resize(index(blocks() * block_rows * block_rows));
  const auto shift = static_cast<float>(point_.bias * point_.bias);
  for (std::int64_t b = 0; b < blocks(); ++b)
    gram(block(b).size(), point_.problem.dim, features_(block(b)), shift, grams_.data() + b * block_rows * block_rows);
}

WalkSums Descent::epoch() {
  if (margins_.empty()) compute_grams();
  std::vector<std::int32_t> sequence(index(blocks()));
  std::iota(sequence.begin(), sequence.end(), 0);
  std::shuffle(sequence.begin(), sequence.end(), random_);
  WalkSums total;
  for (std::int64_t r = 0; r < rounds_; ++r) {
    const RowRange share = even_share(blocks(), rounds_, r);
    const auto part = round(std::span(sequence).subspan(index(share.begin), index(share.size())));
    total.gap += part.gap;
    total.loss += part.loss;
  }
  std::array<double, 2> sums = {total.gap, total.loss};
  point_.comm.sum(std::span<double>(sums));
  return {sums[0], sums[1]};
}

/// Every rank walks its blocks of `chunk` as if the others stood still; then all steps are added, with one exact step
/// length a column (Lee and Chang, "Distributed block-diagonal approximation methods", 2019). Collective.
WalkSums Descent::round(std::span<const std::int32_t> chunk) {
  const bool alone = point_.comm.size() == 1;
  Before before;
  if (!alone) {
    before = {point_.w, point_.bias_w, {}};
    for (const std::int32_t b : chunk) {
      const auto first = point_.alpha.begin() + block(b).begin * point_.padded();
      before.alpha.emplace_back(first, first + block(b).size() * point_.padded());
    }
  }
  WalkSums total;
  for (const std::int32_t b : chunk) {
    const auto part = visit(b);
    total.gap += part.gap;
    total.loss += part.loss;
  }
  if (!alone) combine(before, chunk);
  return total;
}

/// One block: margins, walk, update of w and alpha.
WalkSums Descent::visit(std::int64_t b) {
  Point& p = point_;
  const RowRange rows = block(b);
  const std::int64_t padded = p.padded();
  order_.resize(index(rows.size()));
  std::iota(order_.begin(), order_.end(), 0);
  std::shuffle(order_.begin(), order_.end(), random_);
  const float* x = features_(rows);
  multiply(rows.size(), padded, p.problem.dim, x, p.w.data(), margins_.data());
  const auto bias = static_cast<float>(p.bias);
  for (std::int64_t i = 0; i < rows.size(); ++i)
    for (std::int64_t j = 0; j < padded; ++j) margins_[index(i * padded + j)] += bias * p.bias_w[index(j)];
  const BlockView view{.rows = rows.size(),
                       .gram = grams_.data() + b * block_rows * block_rows,
                       .labels = p.problem.labels.data() + rows.begin,
                       .folds = p.problem.folds.empty() ? nullptr : p.problem.folds.data() + rows.begin,
                       .weights = p.problem.weights.empty() ? nullptr : p.problem.weights.data() + rows.begin,
                       .order = order_,
                       .margins = margins_.data(),
                       .alpha = p.alpha.data() + rows.begin * padded,
                       .delta = delta_.data()};
  const WalkSums sums = walk_block(p.table, view, scratch_);
  add_transposed_product(p.problem.dim, padded, rows.size(), x, delta_.data(), p.w.data());
  for (std::int64_t i = 0; i < rows.size(); ++i)
    for (std::int64_t j = 0; j < padded; ++j) p.bias_w[index(j)] += bias * delta_[index(i * padded + j)];
  return sums;
}

/// Step length of every column: the exact minimum along the sum of all ranks' steps, at most 1, which keeps every
/// alpha in its box. REQUIRES: point_.w holds the summed step. Collective.
std::vector<float> Descent::step_lengths(const Before& before, std::span<const std::int32_t> chunk) const {
  const Point& p = point_;
  const std::int64_t padded = p.padded();
  std::vector<double> slope(index(padded), 0.0), curve(index(padded), 0.0);
  for (std::size_t c = 0; c < chunk.size(); ++c) {
    const RowRange rows = block(chunk[c]);
    for (std::int64_t at = 0; at < rows.size() * padded; ++at) {
      const std::int64_t j = at % padded;
      const auto cost = static_cast<double>(p.cost(j, rows.begin + at / padded));
      const double d = p.table.loss == Loss::l2 ? 0.5 / cost : 0.0;
      const auto old = static_cast<double>(before.alpha[c][index(at)]);
      const double step = static_cast<double>(p.alpha[index(rows.begin * padded + at)]) - old;
      slope[index(j)] += step - d * old * step;
      curve[index(j)] += d * step * step;
    }
  }
  p.comm.sum(std::span<double>(slope));
  p.comm.sum(std::span<double>(curve));
  for_each_weight(p, before.w, before.bias_w, [&](std::int64_t j, float old, float step) {
    slope[index(j)] -= static_cast<double>(old) * static_cast<double>(step);
    curve[index(j)] += static_cast<double>(step) * static_cast<double>(step);
  });
  std::vector<float> eta(index(padded), 0.0F);
  for (std::size_t j = 0; j < eta.size(); ++j)
    if (curve[j] > 0) eta[j] = static_cast<float>(std::clamp(slope[j] / curve[j], 0.0, 1.0));
  return eta;
}

void Descent::combine(const Before& before, std::span<const std::int32_t> chunk) {
  Point& p = point_;
  for (std::size_t i = 0; i < p.w.size(); ++i) p.w[i] -= before.w[i];
  for (std::size_t j = 0; j < p.bias_w.size(); ++j) p.bias_w[j] -= before.bias_w[j];
  p.comm.sum(std::span<float>(p.w));
  p.comm.sum(std::span<float>(p.bias_w));
  const std::vector<float> eta = step_lengths(before, chunk);
  const std::size_t padded = index(p.padded());
  for (std::size_t i = 0; i < p.w.size(); ++i) p.w[i] = before.w[i] + eta[i % padded] * p.w[i];
  for (std::size_t j = 0; j < padded; ++j) p.bias_w[j] = before.bias_w[j] + eta[j] * p.bias_w[j];
  for (std::size_t c = 0; c < chunk.size(); ++c) {
    float* a = p.alpha.data() + block(chunk[c]).begin * p.padded();
    for (std::size_t i = 0; i < before.alpha[c].size(); ++i)
      a[i] = before.alpha[c][i] + eta[i % padded] * (a[i] - before.alpha[c][i]);
  }
}

}  // namespace pool3::svm
