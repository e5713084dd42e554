// The tasks of KernelSolver::solve_folds(): some folds of a column.

#include <algorithm>
#include <numeric>

#include "pool3/partition.hpp"
#include "pool3/types.hpp"
#include "svm/kernel/fold_columns.hpp"
#include "svm/kernel/hinge_folds.hpp"
#include "svm/kernel/kernel_solver.hpp"
#include "svm/model/columns.hpp"

namespace pool3 {
namespace {

/// Tasks of folds for each rank, so that all end at about the same time.
constexpr std::int64_t tasks_a_rank = 4;
/// A start with a larger gap than this share of the primal is none.
constexpr double near_enough = 0.5;

}  // namespace

std::int64_t KernelSolver::Impl::fold_batch() const {
  if (options.multiclass == Multiclass::one_vs_one) return 1;
  const std::int64_t parts = std::clamp<std::int64_t>(block_count(tasks_a_rank * comm.size(), count()), 1, folds);
  return block_count(folds, parts);
}

void KernelSolver::Impl::solve_folds(std::int64_t j, std::int64_t batch) const {
  const View v = view(classes[index(j)]);
  const RowRange some = block_range(folds, fold_batch(), batch);
  std::vector<std::int32_t> of_batch(index(some.size()));
  std::iota(of_batch.begin(), of_batch.end(), static_cast<std::int32_t>(some.begin));
  std::vector<svm::KernelPoint> starts;
  const bool all_known = std::ranges::all_of(of_batch, [&](std::int32_t f) { return record(j, f).saturated > 0; });
  if (v.whole && !all_known) {
    const auto start = options.loss == Loss::l2 ? svm::start_folds : svm::start_hinge_folds;
    starts = start(v.kernel, column(classes[index(j)], v, -1), load(j, v), shared.folds, of_batch, options.tolerance);
  }
  for (std::size_t k = 0; k < of_batch.size(); ++k)
    solve_fold(j, of_batch[k], v, starts.empty() ? svm::KernelPoint() : std::move(starts[k]));
}

void KernelSolver::Impl::solve_fold(std::int64_t j, std::int32_t fold, const View& v, svm::KernelPoint&& start) const {
  ColumnRecord& r = record(j, fold);
  if (r.saturated > 0) {
    r.skipped = 1;
    r.products = 0;
    return;
  }
  const svm::KernelColumn c = column(classes[index(j)], v, fold);
  svm::KernelPoint p = std::move(start);
  if (!p.v.empty()) svm::certify(c, p);
  const bool is_near = !p.v.empty() && p.gap < near_enough * p.primal;
  if (!is_near) p = load(j, v);
  svm::solve_column(v.kernel, c, rules(), p);  // the rows of the fold have limits of 0
  write_held_out(j, fold, v, p);
  r = {p.primal, p.gap, p.bias, p.saturated ? 1.0 : 0.0, static_cast<double>(p.products), 0};
}

void KernelSolver::Impl::write_held_out(std::int64_t j, std::int32_t fold, const View& v,
                                        const svm::KernelPoint& p) const {
  const std::int64_t n = rows.rows();
  const auto out = held_out.as<float>().subspan(index(j * n), index(n));
  if (v.whole) {
    for (std::int64_t i = 0; i < n; ++i)
      if (shared.folds[index(i)] == fold) out[index(i)] = static_cast<float>(p.f[index(i)] + p.bias);
    return;
  }
  svm::RowList of_fold;
  for (std::int64_t i = 0; i < n; ++i)
    if (shared.folds[index(i)] == fold) of_fold.push_back(static_cast<std::int32_t>(i));
  std::vector<double> f(of_fold.size(), p.bias);
  for (std::size_t i = 0; i < v.rows.size(); ++i) {
    if (p.v[i] == 0) continue;
    const float* k = kernel.row(v.rows[i]);
    for (std::size_t t = 0; t < of_fold.size(); ++t)
      f[t] += p.v[i] * (static_cast<double>(k[of_fold[t]]) + kernel.constant);
  }
  for (std::size_t t = 0; t < of_fold.size(); ++t) out[index(of_fold[t])] = static_cast<float>(f[t]);
}

void KernelSolver::Impl::clear_fold(std::int64_t j, std::int32_t fold) const {
  record(j, fold) = {};
  const auto out = held_out.as<float>().subspan(index(j * rows.rows()), index(rows.rows()));
  for (std::size_t i = 0; i < out.size(); ++i)
    if (shared.folds[i] == fold) out[i] = 0;
}

}  // namespace pool3
