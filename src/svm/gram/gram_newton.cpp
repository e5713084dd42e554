#include "svm/gram/gram_newton.hpp"

#include <algorithm>
#include <array>
#include <limits>
#include <numeric>
#include <utility>

#include "svm/algebra/matrix.hpp"
#include "svm/model/feature_rows.hpp"
#include "svm/newton/smoothing.hpp"

namespace pool3::svm {
namespace {

/// The Gram matrix may have so many rows, or twice as many as there are features if that is more.
constexpr std::int64_t few_rows = 2048;
/// Factorisations that a column is expected to need, and passes of conjugate gradients, which they are weighed against.
constexpr double factorisations = 6, gradient_passes = 150;
/// Features that are doubles at a time where rows meet rows in double.
constexpr std::int64_t strip_columns = 256;
/// Flops of a column that are no matter.
constexpr double cheap_flops = 2e9;
/// Part of the tolerance to stop at.
constexpr double enough = 0.5;

template <typename Real>
using ManyReals = std::vector<std::vector<Real>>;

template <typename Real>
std::vector<const std::vector<Real>*> pointers(const ManyReals<Real>& vectors) {
  std::vector<const std::vector<Real>*> out;
  for (const std::vector<Real>& v : vectors) out.push_back(&v);
  return out;
}

/// This rank's `mine`, with those of the others before and after. Collective.
Floats all_ranks(const Communicator& comm, std::int64_t size, std::int64_t first, std::span<const float> mine) {
  Floats all(index(size), 0.0F);
  std::copy(mine.begin(), mine.end(), all.begin() + first);
  comm.sum(std::span<float>(all));
  return all;
}

/// Rows of the ranks before this one. Collective.
std::int64_t rows_before(const Communicator& comm, std::int64_t rows) {
  std::vector<std::int64_t> counts(index(comm.size()), 0);
  counts[index(comm.rank())] = rows;
  comm.sum(std::span<std::int64_t>(counts));
  return std::accumulate(counts.begin(), counts.begin() + comm.rank(), std::int64_t{0});
}

void set_row_products(std::int64_t own, std::int64_t rows, std::int64_t dim, const float* x, const float* all,
                      float* out) {
  if (own == rows)
    row_products(rows, dim, x, out);
  else
    multiply_by_transposed(own, rows, dim, x, all, out);
}

/// Some columns of x[rows, dim] in double.
Doubles strip(std::int64_t rows, std::int64_t dim, const float* x, RowRange columns) {
  Doubles out(index(rows * columns.size()));
  for (std::int64_t i = 0; i < rows; ++i)
    std::copy_n(x + i * dim + columns.begin, columns.size(), out.begin() + i * columns.size());
  return out;
}

void set_row_products(std::int64_t own, std::int64_t rows, std::int64_t dim, const float* x, const float* all,
                      double* out) {
  for (std::int64_t s = 0; s < block_count(dim, strip_columns); ++s) {
    const RowRange columns = block_range(dim, strip_columns, s);
    add_product_by_transposed(own, rows, columns.size(), strip(own, dim, x, columns).data(),
                              strip(rows, dim, all, columns).data(), out);
  }
}

/// x x^T + shift of the rows of all ranks, each of which computes its own rows. Collective.
template <typename Real>
std::vector<Real> gram_of_all(const Point& p, std::int64_t rows, std::int64_t first) {
  const std::int64_t dim = p.problem.dim, own = p.problem.rows;
  const bool alone = p.comm.size() == 1;
  FeatureRows features(p.problem);
  const float* x = features({0, own});
  const Floats all = alone ? Floats{} : all_ranks(p.comm, rows * dim, first * dim, {x, index(own * dim)});
  std::vector<Real> out(index(rows * rows), Real{0});
  set_row_products(own, rows, dim, x, alone ? x : all.data(), out.data() + first * rows);
  if (!alone) p.comm.sum(std::span<Real>(out));
  const auto shift = static_cast<Real>(p.bias * p.bias);
  for (Real& v : out) v += shift;
  return out;
}

}  // namespace

bool gram_fits(const Point& p) { return p.comm.sum(p.problem.rows) <= std::max(few_rows, 2 * p.problem.dim); }

bool gram_pays(const Point& p) {
  const auto rows = static_cast<double>(p.comm.sum(p.problem.rows));
  std::vector<double> supports(index(p.padded()), 0.0);
  for (std::int64_t i = 0; i < p.problem.rows; ++i)
    for (std::int64_t j = 0; j < p.padded(); ++j) supports[index(j)] += p.alpha[index(i * p.padded() + j)] > 0 ? 1 : 0;
  p.comm.sum(std::span<double>(supports));
  double flops = 0, columns = 0;
  for (const double s : supports) flops += factorisations / 3 * s * s * s;
  for (const std::int32_t k : p.table.positive_class) columns += k == no_class ? 0 : 1;
  return flops <= columns * std::max(cheap_flops, gradient_passes * 4 * rows * static_cast<double>(p.problem.dim));
}

template <typename Real>
GramNewton<Real>::GramNewton(const Point& point)
    : p_(point),
      rows_(point.comm.sum(point.problem.rows)),
      first_row_(rows_before(point.comm, point.problem.rows)),
      gram_(gram_of_all<Real>(point, rows_, first_row_)) {
  Floats labels, folds, weights;
  for (std::int64_t i = 0; i < p_.problem.rows; ++i) {
    labels.push_back(static_cast<float>(p_.problem.labels[index(i)]));  // exact: a float counts to 2^24
    folds.push_back(static_cast<float>(p_.fold(i)));
    weights.push_back(p_.weight(i));
  }
  labels_ = all_ranks(p_.comm, rows_, first_row_, labels);
  folds_ = all_ranks(p_.comm, rows_, first_row_, folds);
  weights_ = all_ranks(p_.comm, rows_, first_row_, weights);
}

template <typename Real>
GramColumnProblem<Real> GramNewton<Real>::problem_of(std::int64_t column) const {
  GramColumnProblem<Real> out{.gram = &gram_, .squared = p_.table.loss == Loss::l2};
  for (std::size_t i = 0; i < index(rows_); ++i) {
    const auto label = static_cast<std::int32_t>(labels_[i]), fold = static_cast<std::int32_t>(folds_[i]);
    out.y.push_back(p_.table.is_positive(column, label) ? Real{1} : Real{-1});
    out.cost.push_back(p_.table.counts(column, fold) ? Real{weights_[i] * p_.table.cost(column, label)} : Real{0});
  }
  return out;
}

/// y alpha of all ranks: [padded, rows]. Collective.
template <typename Real>
std::vector<Real> GramNewton<Real>::all_signed_duals(const Reals& alpha) const {
  Reals out(index(p_.padded() * rows_), Real{0});
  for (std::int64_t i = 0; i < p_.problem.rows; ++i)
    for (std::int64_t j = 0; j < p_.padded(); ++j) {
      const Real a = alpha[index(i * p_.padded() + j)];
      out[index(j * rows_ + first_row_ + i)] = p_.table.is_positive(j, p_.problem.labels[index(i)]) ? a : -a;
    }
  p_.comm.sum(std::span<Real>(out));
  return out;
}

/// The Gram matrix is its own transpose, and BLAS is faster with that.
template <typename Real>
ManyReals<Real> GramNewton<Real>::margins(const std::vector<const Reals*>& u) const {
  const std::size_t rows = index(rows_);
  Reals in(u.size() * rows), out(u.size() * rows);
  for (std::size_t c = 0; c < u.size(); ++c)
    std::copy(u[c]->begin(), u[c]->end(), in.begin() + std::ptrdiff_t(c * rows));
  if (!u.empty()) multiply_by_transposed(std::ssize(u), rows_, rows_, in.data(), gram_.data(), out.data());
  std::vector<Reals> split;
  for (std::size_t c = 0; c < u.size(); ++c)
    split.emplace_back(out.begin() + std::ptrdiff_t(c * rows), out.begin() + std::ptrdiff_t((c + 1) * rows));
  return split;
}

template <typename Real>
std::vector<GramColumn<Real>> GramNewton<Real>::make_columns(std::int64_t first, const Reals& signed_duals) const {
  const RowRange share = even_share(std::ssize(p_.table.positive_class), p_.comm.size(), p_.comm.rank());
  std::vector<Reals> starts;
  for (std::int64_t j = first; j < share.end; ++j)
    starts.emplace_back(signed_duals.begin() + j * rows_, signed_duals.begin() + (j + 1) * rows_);
  std::vector<Reals> f = margins(pointers<Real>(starts));
  std::vector<GramColumn<Real>> columns;
  for (std::size_t c = 0; c < starts.size(); ++c)
    columns.emplace_back(problem_of(first + std::int64_t(c)), std::move(starts[c]), std::move(f[c]));
  return columns;
}

template <typename Real>
bool GramNewton<Real>::step(const std::vector<GramColumn<Real>*>& open) const {
  bool moves = false;
  std::vector<Reals> targets;
  for (const GramColumn<Real>* c : open) {
    targets.push_back(c->newton_point());
    moves = moves || !targets.back().empty();
    if (targets.back().empty()) targets.back() = c->u();
  }
  std::vector<Reals> f = margins(pointers<Real>(targets));
  std::vector<const Reals*> duals;
  for (std::size_t k = 0; k < open.size(); ++k) {
    open[k]->move_towards(targets[k], f[k]);
    duals.push_back(&open[k]->signed_duals());
  }
  f = margins(duals);
  for (std::size_t k = 0; k < open.size(); ++k) open[k]->take_dual_margins(std::move(f[k]));
  return moves;
}

template <typename Real>
std::int64_t GramNewton<Real>::solve(Pair<Real>& pair, const NewtonLimits& limits,
                                     const std::function<void(const NewtonProgress&)>& progress) const {
  const std::int64_t first = even_share(p_.padded(), p_.comm.size(), p_.comm.rank()).begin;
  std::vector<GramColumn<Real>> columns = make_columns(first, all_signed_duals(pair.alpha));
  std::int64_t products = 1;
  double best = std::numeric_limits<double>::infinity();
  for (int since_best = 0;
       since_best < Precision<Real>::gram.stall_steps && products + 2 <= limits.max_products && !limits.expired();) {
    std::vector<GramColumn<Real>*> open;
    for (GramColumn<Real>& c : columns)
      if (products == 1 || c.gap() > 0.1 * limits.tolerance * c.primal()) open.push_back(&c);
    std::array<double, 3> sums{};
    if (step(open)) sums[2] = 1;
    products += 2;
    for (const GramColumn<Real>& c : columns) sums[0] += c.gap(), sums[1] += c.primal();
    p_.comm.sum(std::span<double>(sums));
    const double gap = sums[1] > 0 ? sums[0] / sums[1] : 0.0;
    progress({products, gap});
    if (gap <= enough * limits.tolerance || sums[2] == 0) break;
    since_best = gap < 0.8 * best ? 0 : since_best + 1;
    best = std::min(best, gap);
  }
  store(first, columns, pair);
  return products;
}

template <typename Real>
std::vector<Real> GramNewton<Real>::own_rows(const Reals& signed_duals) const {
  Reals out(index(p_.problem.rows * p_.padded()));
  for (std::int64_t i = 0; i < p_.problem.rows; ++i)
    for (std::int64_t j = 0; j < p_.padded(); ++j) {
      const Real v = signed_duals[index(j * rows_ + first_row_ + i)];
      out[index(i * p_.padded() + j)] = p_.table.is_positive(j, p_.problem.labels[index(i)]) ? v : -v;
    }
  return out;
}

template <typename Real>
void GramNewton<Real>::store(std::int64_t first, const std::vector<GramColumn<Real>>& columns, Pair<Real>& pair) const {
  Reals u(index(p_.padded() * rows_), Real{0}), duals(u.size(), Real{0});
  for (std::size_t c = 0; c < columns.size(); ++c) {
    const auto at = (first + std::int64_t(c)) * rows_;
    std::copy(columns[c].u().begin(), columns[c].u().end(), u.begin() + at);
    std::copy(columns[c].signed_duals().begin(), columns[c].signed_duals().end(), duals.begin() + at);
  }
  p_.comm.sum(std::span<Real>(u));
  p_.comm.sum(std::span<Real>(duals));
  pair.v = weights_of(p_, own_rows(u));
  pair.alpha = own_rows(duals);
}

template class GramNewton<float>;
template class GramNewton<double>;

}  // namespace pool3::svm
