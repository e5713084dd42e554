// The tasks of KernelSolver::solve(): a column on all rows.

#include <algorithm>

#include "pool3/types.hpp"
#include "svm/kernel/kernel_solver.hpp"
#include "svm/model/columns.hpp"

namespace pool3 {

KernelSolver::Impl::View KernelSolver::Impl::view(const ColumnClasses& of) const {
  if (of.second < 0) return {true, {}, {}, kernel};
  View v{.whole = false};
  for (const std::int32_t k : {of.first, of.second})
    for (std::int64_t i = class_begin[index(k)]; i < class_begin[index(k) + 1]; ++i)
      v.rows.push_back(static_cast<std::int32_t>(i));
  const auto n = std::ssize(v.rows);
  v.copy.resize(index(n * n));
  const std::int64_t first = class_begin[index(of.first)], second = class_begin[index(of.second)];
  const std::int64_t of_first = class_begin[index(of.first) + 1] - first;
  for (std::int64_t i = 0; i < n; ++i) {
    const float* from = kernel.row(v.rows[index(i)]);
    float* to = v.copy.data() + i * n;
    std::copy_n(from + first, of_first, to);
    std::copy_n(from + second, n - of_first, to + of_first);
  }
  v.kernel = {.values = v.copy.data(), .rows = n, .constant = kernel.constant};
  return v;
}

/// `fold` is left out; -1: none.
svm::KernelColumn KernelSolver::Impl::column(const ColumnClasses& of, const View& v, std::int32_t fold) const {
  const std::int64_t n = v.kernel.rows;
  svm::KernelColumn c{.y = std::vector<float>(index(n)),
                      .cost = std::vector<float>(index(n)),
                      .loss = options.loss,
                      .free_bias = of.second >= 0};
  const auto factor = [&](std::int32_t k) {
    return options.positive_weights.empty() ? 1.0 : options.positive_weights[index(k)];
  };
  for (std::int64_t i = 0; i < n; ++i) {
    const auto row = index(v.row(i));
    const std::int32_t label = shared.labels[row];
    c.y[index(i)] = label == of.first ? 1.0F : -1.0F;
    const double weight = label == of.first || of.second >= 0 ? factor(label) : 1.0;
    const double of_row = shared.weights.empty() ? 1.0 : static_cast<double>(shared.weights[row]);
    const bool left_out = fold >= 0 && shared.folds[row] == fold;
    c.cost[index(i)] = left_out ? 0.0F : static_cast<float>(C * weight * of_row);
  }
  return c;
}

/// Where y a of a row in a column is kept.
double* KernelSolver::Impl::dual_of(std::int64_t column, std::int64_t row) const {
  const auto [a, b] = classes[index(column)];
  std::int64_t slot = a;
  if (b >= 0) slot = shared.labels[index(row)] == a ? b - 1 : a;
  return &duals.as<double>()[index(slot * rows.rows() + row)];
}

/// The column's last answer.
svm::KernelPoint KernelSolver::Impl::load(std::int64_t column, const View& v) const {
  const std::int64_t n = v.kernel.rows;
  svm::KernelPoint p{.v = std::vector<double>(index(n)), .f = std::vector<double>(index(n), 0.0)};
  svm::RowList support;
  std::vector<double> u;
  for (std::int64_t i = 0; i < n; ++i) {
    p.v[index(i)] = *dual_of(column, v.row(i));
    if (p.v[index(i)] == 0) continue;
    support.push_back(static_cast<std::int32_t>(i));
    u.push_back(p.v[index(i)]);
  }
  if (v.whole) {
    std::copy_n(margins.as<double>().begin() + column * n, n, p.f.begin());
  } else if (!support.empty()) {
    svm::add_products(v.kernel, support, u, p.f);
  }
  return p;
}

void KernelSolver::Impl::store(std::int64_t column, const View& v, const svm::KernelPoint& p) const {
  const std::int64_t n = v.kernel.rows;
  for (std::int64_t i = 0; i < n; ++i) *dual_of(column, v.row(i)) = p.v[index(i)];
  if (v.whole) std::copy_n(p.f.begin(), n, margins.as<double>().begin() + column * n);
}

void KernelSolver::Impl::solve_column(std::int64_t j) const {
  ColumnRecord& r = record(j);
  if (r.saturated > 0) {
    r.skipped = 1;
    r.products = 0;
    return;
  }
  const View v = view(classes[index(j)]);
  svm::KernelPoint p = load(j, v);
  svm::solve_column(v.kernel, column(classes[index(j)], v, -1), rules(), p, low_rank.is_empty() ? nullptr : &low_rank);
  store(j, v, p);
  r = {p.primal, p.gap, p.bias, p.saturated ? 1.0 : 0.0, static_cast<double>(p.products), 0};
}

void KernelSolver::Impl::clear_column(std::int64_t j) const {
  const View v = view(classes[index(j)]);
  for (std::int64_t i = 0; i < v.kernel.rows; ++i) *dual_of(j, v.row(i)) = 0;
  if (v.whole) std::fill_n(margins.as<double>().begin() + j * rows.rows(), rows.rows(), 0.0);
  record(j) = {};
}

}  // namespace pool3
