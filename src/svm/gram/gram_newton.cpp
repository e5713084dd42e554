#include "svm/gram/gram_newton.hpp"

#include <algorithm>
#include <utility>

#include "pool3/mpi/gather.hpp"
#include "pool3/partition.hpp"
#include "svm/gram/gram_matrix.hpp"
#include "svm/newton/precision.hpp"

namespace pool3::svm {
namespace {

/// The Gram matrix may have so many rows, or twice as many as there are features if that is more.
constexpr std::int64_t few_rows = 2048;
/// Factorisations that a column is expected to need, and passes of conjugate gradients, which they are weighed against.
constexpr double factorisations = 6, gradient_passes = 150;
/// Flops of a column that don't matter.
constexpr double cheap_flops = 2e9;
/// Part of the tolerance to stop at.
constexpr double enough = 0.5;
/// A gap that is better by less than this is a matter of luck.
constexpr double clearly_better = 0.8;

}  // namespace

bool gram_fits(const Objective& objective) {
  return objective.rows_of_all_ranks() <= std::max(few_rows, 2 * objective.dim());
}

bool gram_pays(const Objective& objective, const Matrix<float>& alpha) {
  const auto rows = static_cast<double>(objective.rows_of_all_ranks());
  Sums supports = (alpha.array() > 0).cast<double>().colwise().sum();
  objective.comm.sum(numbers(supports));
  const double flops = factorisations / 3 * supports.cube().sum();
  const auto& classes = objective.columns.positive_class;
  const auto columns = static_cast<double>(std::ssize(classes) - std::count(classes.begin(), classes.end(), no_class));
  const double of_gradients = gradient_passes * 4 * rows * static_cast<double>(objective.dim());
  return flops <= columns * std::max(cheap_flops, of_gradients);
}

template <typename Real>
GramNewton<Real>::GramNewton(const Objective& objective)
    : objective_(objective),
      rows_(objective.rows_of_all_ranks()),
      first_row_(sum_before(objective.comm, objective.rows())),
      labels_(Vector<float>::Zero(rows_)),
      folds_(labels_),
      weights_(labels_),
      gram_(gram_matrix<Real>(objective, rows_, first_row_)) {
  for (std::int64_t i = 0; i < objective.rows(); ++i) {
    labels_[first_row_ + i] = static_cast<float>(objective.label(i));  // exact: a float counts to 2^24
    folds_[first_row_ + i] = static_cast<float>(objective.fold(i));
    weights_[first_row_ + i] = objective.weight(i);
  }
  for (Vector<float>* of_all : {&labels_, &folds_, &weights_}) objective.comm.sum(numbers(*of_all));
}

template <typename Real>
GramColumnProblem<Real> GramNewton<Real>::problem_of(std::int64_t column) const {
  const ColumnTable& table = objective_.columns;
  GramColumnProblem<Real> out{&gram_, Vector<Real>(rows_), Vector<Real>(rows_), table.loss};
  for (std::int64_t i = 0; i < rows_; ++i) {
    const auto label = static_cast<std::int32_t>(labels_[i]), fold = static_cast<std::int32_t>(folds_[i]);
    out.y[i] = table.is_positive(column, label) ? Real{1} : Real{-1};
    out.cost[i] = table.counts(column, fold) ? Real{weights_[i] * table.cost(column, label)} : Real{0};
  }
  return out;
}

/// y alpha of all ranks: [width, rows]. Collective.
template <typename Real>
Matrix<Real> GramNewton<Real>::all_signed_duals(const Matrix<Real>& alpha) const {
  Matrix<Real> out = Matrix<Real>::Zero(objective_.width(), rows_);
  for (std::int64_t i = 0; i < alpha.rows(); ++i)
    for (std::int64_t j = 0; j < alpha.cols(); ++j)
      out(j, first_row_ + i) = static_cast<Real>(objective_.sign(j, i)) * alpha(i, j);
  objective_.comm.sum(numbers(out));
  return out;
}

template <typename Real>
std::vector<GramColumn<Real>> GramNewton<Real>::make_columns(std::int64_t first,
                                                             const Matrix<Real>& signed_duals) const {
  const RowRange share = even_share(objective_.width(), objective_.comm.size(), objective_.comm.rank());
  const Matrix<Real> starts = signed_duals.middleRows(first, share.size());
  const Matrix<Real> f = gram_products(starts, gram_);
  std::vector<GramColumn<Real>> columns;
  for (std::int64_t c = 0; c < share.size(); ++c)
    columns.emplace_back(problem_of(first + c), starts.row(c).transpose(), f.row(c).transpose());
  return columns;
}

/// One Newton step of each, and their gaps. False if this precision can do none.
template <typename Real>
bool GramNewton<Real>::step(const std::vector<GramColumn<Real>*>& open) const {
  bool moves = false;
  Matrix<Real> points(std::ssize(open), rows_), duals(std::ssize(open), rows_);
  for (std::int64_t k = 0; k < points.rows(); ++k) {
    const Vector<Real> to = open[index(k)]->newton_point();
    moves = moves || to.size() > 0;
    points.row(k) = to.size() > 0 ? to : open[index(k)]->u();
  }
  Matrix<Real> f = gram_products(points, gram_);
  for (std::int64_t k = 0; k < points.rows(); ++k) {
    open[index(k)]->move_towards(points.row(k).transpose(), f.row(k).transpose());
    duals.row(k) = open[index(k)]->signed_duals();
  }
  f = gram_products(duals, gram_);
  for (std::int64_t k = 0; k < points.rows(); ++k) open[index(k)]->take_dual_margins(f.row(k).transpose());
  return moves;
}

/// Gap and primal of this rank's columns, and whether they move.
template <typename Real>
Sums totals(const std::vector<GramColumn<Real>>& columns, bool moves) {
  Sums sums = Sums::Zero(3);
  for (const GramColumn<Real>& c : columns) sums += Sums{{c.gap(), c.primal(), 0.0}};
  sums[2] = moves ? 1 : 0;
  return sums;
}

template <typename Real>
std::int64_t GramNewton<Real>::solve(Iterate<Real>& iterate, StoppingRules rules, const Progress& progress) const {
  const double tolerance = rules.tolerance;
  rules.tolerance = enough * tolerance;
  rules.stall_steps = Precision<Real>::gram.stall_steps;
  rules.better = clearly_better;
  const std::int64_t first = even_share(objective_.width(), objective_.comm.size(), objective_.comm.rank()).begin;
  std::vector<GramColumn<Real>> columns = make_columns(first, all_signed_duals(iterate.alpha));
  Standing now{.passes = 1};
  for (Stopping stopping(std::move(rules), 2); !stopping.ends(now);) {
    std::vector<GramColumn<Real>*> open;
    for (GramColumn<Real>& c : columns)
      if (now.passes == 1 || c.gap() > 0.1 * tolerance * c.primal()) open.push_back(&c);
    const bool moves = step(open);
    Sums sums = totals(columns, moves);
    objective_.comm.sum(numbers(sums));
    now = {now.passes + 2, sums[1] > 0 ? sums[0] / sums[1] : 0.0, sums[1]};
    progress(now);
    if (sums[2] == 0) break;
  }
  store(first, columns, iterate);
  return now.passes;
}

/// Of this rank's rows, [rows, width], from [width, all rows]; times y.
template <typename Real>
Matrix<Real> GramNewton<Real>::own_rows(const Matrix<Real>& signed_duals) const {
  Matrix<Real> out(objective_.rows(), objective_.width());
  for (std::int64_t i = 0; i < out.rows(); ++i)
    for (std::int64_t j = 0; j < out.cols(); ++j)
      out(i, j) = static_cast<Real>(objective_.sign(j, i)) * signed_duals(j, first_row_ + i);
  return out;
}

template <typename Real>
void GramNewton<Real>::store(std::int64_t first, const std::vector<GramColumn<Real>>& columns,
                             Iterate<Real>& iterate) const {
  Matrix<Real> u = Matrix<Real>::Zero(objective_.width(), rows_), duals = u;
  for (std::int64_t c = 0; c < std::ssize(columns); ++c) {
    u.row(first + c) = columns[index(c)].u();
    duals.row(first + c) = columns[index(c)].signed_duals();
  }
  objective_.comm.sum(numbers(u));
  objective_.comm.sum(numbers(duals));
  iterate.v = weights_of_duals(objective_, own_rows(u)).template cast<Real>();
  iterate.alpha = own_rows(duals);
}

template class GramNewton<float>;
template class GramNewton<double>;

}  // namespace pool3::svm
