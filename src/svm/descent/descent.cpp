#include "svm/descent/descent.hpp"

#include <algorithm>
#include <array>
#include <numeric>

#include "pool3/partition.hpp"
#include "svm/model/loss.hpp"

namespace pool3::svm {
namespace {

/// Rows of a block. The walk costs b / (4 d) of the products' flops, but the products want wide panels.
constexpr std::int64_t block_rows = 128;
/// Most times in an epoch that ranks exchange their updates.
constexpr std::int64_t rounds_per_epoch = 8;

/// The part of `all` that is of these rows, or nothing if there is nothing.
template <typename T>
std::span<const T> part_of(const std::vector<T>& all, RowRange rows) {
  if (all.empty()) return {};
  return std::span(all).subspan(index(rows.begin), index(rows.size()));
}

}  // namespace

Descent::Descent(const Objective& objective, Iterate<float>& iterate, std::uint64_t seed)
    : objective_(objective),
      iterate_(iterate),
      features_(objective.problem),
      random_(seed + 1000003U * static_cast<std::uint64_t>(objective.comm.rank())) {
  const auto most_blocks = static_cast<std::int64_t>(objective.comm.max(static_cast<double>(blocks())));
  rounds_ = objective.comm.size() == 1 ? 1 : std::clamp<std::int64_t>(most_blocks, 1, rounds_per_epoch);
}

std::int64_t Descent::blocks() const { return block_count(objective_.rows(), block_rows); }
RowRange Descent::block(std::int64_t b) const { return block_range(objective_.rows(), block_rows, b); }

/// At the first epoch: Newton's method may be all that a problem needs.
void Descent::compute_grams() {
  const auto shift = static_cast<float>(objective_.bias * objective_.bias);
  for (std::int64_t b = 0; b < blocks(); ++b) {
    const auto x = features_(block(b));
    Matrix<float>& gram = grams_.emplace_back(x.rows(), x.rows());
    gram.noalias() = x * x.transpose();
    gram.array() += shift;
  }
}

WalkSums Descent::epoch() {
  if (grams_.empty()) compute_grams();
  std::vector<std::int32_t> sequence(index(blocks()));
  std::iota(sequence.begin(), sequence.end(), 0);
  std::shuffle(sequence.begin(), sequence.end(), random_);
  WalkSums total;
  for (std::int64_t r = 0; r < rounds_; ++r) {
    const RowRange share = even_share(blocks(), rounds_, r);
    total += round(std::span(sequence).subspan(index(share.begin), index(share.size())));
  }
  std::array<double, 2> sums = {total.gap, total.loss};
  objective_.comm.sum(std::span<double>(sums));
  return {sums[0], sums[1]};
}

/// Every rank walks its blocks of `chunk` as if the others stood still; then all steps are added, with one exact step
/// length a column (Lee and Chang, "Distributed block-diagonal approximation methods", 2019). Collective.
WalkSums Descent::round(Chunk chunk) {
  const bool alone = objective_.comm.size() == 1;
  Before before;
  if (!alone) {
    before.v = iterate_.v;
    for (const std::int32_t b : chunk) before.alpha.emplace_back(alpha_of(b));
  }
  WalkSums total;
  for (const std::int32_t b : chunk) total += visit(b);
  if (!alone) combine(before, chunk);
  return total;
}

/// One block: margins, walk, update of v and alpha.
WalkSums Descent::visit(std::int64_t b) {
  const RowRange rows = block(b);
  const std::int64_t dim = objective_.dim();
  const auto bias = static_cast<float>(objective_.bias);
  order_.resize(index(rows.size()));
  std::iota(order_.begin(), order_.end(), 0);
  std::shuffle(order_.begin(), order_.end(), random_);
  const auto x = features_(rows);
  margins_.noalias() = x * iterate_.v.topRows(dim);
  margins_.rowwise() += bias * iterate_.v.row(dim);
  delta_.resize(rows.size(), objective_.width());
  BlockView view{.gram = grams_[index(b)],
                 .labels = part_of(objective_.problem.labels, rows),
                 .folds = part_of(objective_.problem.folds, rows),
                 .weights = part_of(objective_.problem.weights, rows),
                 .order = order_,
                 .margins = margins_,
                 .alpha = iterate_.alpha.middleRows(rows.begin, rows.size()),
                 .delta = delta_};
  const WalkSums sums = walk_block(objective_.columns, view, scratch_);
  iterate_.v.topRows(dim).noalias() += x.transpose() * delta_;
  iterate_.v.row(dim) += bias * delta_.colwise().sum();
  return sums;
}

/// Step length of every column: the exact minimum along the sum of all ranks' steps, at most 1, which keeps every
/// alpha in its box. REQUIRES: v holds the summed step. Collective.
PerColumn<float> Descent::step_lengths(const Before& before, Chunk chunk) const {
  Sums slope = Sums::Zero(objective_.width()), curve = slope;
  with_loss(objective_.columns.loss, [&](auto loss) {
    for (std::size_t c = 0; c < chunk.size(); ++c)
      for (std::int64_t i = 0; i < before.alpha[c].rows(); ++i)
        for (std::int64_t j = 0; j < objective_.width(); ++j) {
          const auto old = static_cast<double>(before.alpha[c](i, j));
          const std::int64_t row = block(chunk[c]).begin + i;
          const double step = static_cast<double>(iterate_.alpha(row, j)) - old;
          const double d = loss.diagonal(static_cast<double>(objective_.cost(j, row)));
          slope[j] += step - d * old * step;
          curve[j] += d * step * step;
        }
  });
  objective_.comm.sum(numbers(slope));
  objective_.comm.sum(numbers(curve));
  slope -= column_dots(before.v, iterate_.v);
  curve += column_dots(iterate_.v, iterate_.v);
  return (curve > 0).select((slope / curve).max(0.0).min(1.0), 0.0).cast<float>();
}

void Descent::combine(const Before& before, Chunk chunk) {
  iterate_.v -= before.v;
  objective_.comm.sum(numbers(iterate_.v));
  const PerColumn<float> eta = step_lengths(before, chunk);
  iterate_.v.array().rowwise() *= eta;
  iterate_.v += before.v;
  for (std::size_t c = 0; c < chunk.size(); ++c) {
    auto alpha = iterate_.alpha.middleRows(block(chunk[c]).begin, block(chunk[c]).size());
    alpha -= before.alpha[c];
    alpha.array().rowwise() *= eta;
    alpha += before.alpha[c];
  }
}

}  // namespace pool3::svm
