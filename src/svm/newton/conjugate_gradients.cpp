#include "svm/newton/conjugate_gradients.hpp"

#include <numeric>
#include <utility>

#include "pool3/partition.hpp"
#include "svm/algebra/products.hpp"

namespace pool3::svm {
namespace {

/// Part of the columns that may be open at the end where every pass goes over whole matrices.
constexpr double open_part = 0.125;
/// Columns that are done are left behind when they are so many of those that remain.
constexpr double closed_part = 0.25;

/// Sum over the rows of all ranks, by column, divided by those that the eigenbasis is of. Collective.
template <typename Real>
Sums means(const Objective& objective, const Eigenbasis& basis, const Matrix<Real>& curvature) {
  Sums mean = Sums::Zero(curvature.cols());
  for (Eigen::Index i = 0; i < curvature.rows(); ++i) mean += curvature.row(i).array().template cast<double>();
  objective.comm.sum(numbers(mean));
  return mean / basis.rows;
}

template <typename Real>
Matrix<Real> some_columns(const Matrix<Real>& of, const Places& columns) {
  return of(Eigen::all, columns);
}

}  // namespace

template <typename Real>
ConjugateGradients<Real>::ConjugateGradients(const Objective& objective, const Eigenbasis& basis,
                                             Matrix<Real> curvature, Matrix<Real> right, const Settings& settings)
    : objective_(objective),
      basis_(basis),
      pairs_(objective, curvature),
      sparse_(pairs_.density() <= settings.max_density),
      all_sparse_(objective.comm.all(sparse_)),
      found_(Matrix<Real>::Zero(right.rows(), right.cols())),
      left_(index(right.cols())),
      curvature_(std::move(curvature)),
      mean_(means(objective, basis, curvature_)),
      r_(std::move(right)),
      goal_(settings.forcing * settings.forcing * column_dots(r_, r_)) {
  if (settings.enough.size() > 0) goal_ = goal_.max(settings.enough);
  std::iota(left_.begin(), left_.end(), 0);
  open_.setConstant(r_.cols(), true);
  if (sparse_)
    curvature_.resize(0, 0);
  else
    pairs_.keep({});
  make_preconditioner();
  along_ = preconditioned();
  rz_ = column_dots(r_, along_);
  done_ = left_.empty();
}

/// (I + sum h x x^T) along: collective.
template <typename Real>
Matrix<Real> ConjugateGradients<Real>::curved() const {
  if (sparse_) return pairs_.curved(along_) + along_;
  Matrix<Real> weighted = margins(objective_, along_);
  weighted.array() *= curvature_.array();
  return combine_rows(objective_, weighted) + along_;
}

/// To the minimum along what is searched along. A column that has reached its goal stands still.
template <typename Real>
void ConjugateGradients<Real>::move(const Matrix<Real>& curved) {
  const Sums curve = column_dots(along_, curved);
  const Sums step = (curve > 0 && open_).select(rz_ / curve, 0.0);
  add_scaled(found_, left_, along_, step);
  r_.array() -= curved.array().rowwise() * step.cast<Real>();
}

template <typename Real>
void ConjugateGradients<Real>::pass() {
  move(curved());
  find_open();
  if (done_) return;
  leave_behind();
  const Matrix<Real> z = preconditioned();
  const Sums next = column_dots(r_, z);
  const PerColumn<Real> keep = (rz_ > 0).select(next / rz_, 0.0).template cast<Real>();
  along_.array().rowwise() *= keep;
  along_ += z;
  rz_ = next;
}

template <typename Real>
void ConjugateGradients<Real>::find_open() {
  open_ = column_dots(r_, r_) > goal_;
  done_ = static_cast<double>(open_.count()) <= (all_sparse_ ? 0.0 : open_part * static_cast<double>(found_.cols()));
}

template <typename Real>
void ConjugateGradients<Real>::leave_behind() {
  Places stay;
  for (Eigen::Index c = 0; c < open_.size(); ++c)
    if (open_[c]) stay.push_back(c);
  const auto width = static_cast<double>(open_.size());
  if (width - static_cast<double>(stay.size()) < closed_part * width) return;
  r_ = some_columns(r_, stay);
  along_ = some_columns(along_, stay);
  if (sparse_)
    pairs_.keep(stay);
  else
    curvature_ = some_columns(curvature_, stay);
  mean_ = picked(mean_, stay);
  rz_ = picked(rz_, stay);
  goal_ = picked(goal_, stay);
  for (std::size_t c = 0; c < stay.size(); ++c) left_[c] = left_[index(stay[c])];
  left_.resize(stay.size());
  open_.setConstant(std::ssize(stay), true);
  make_preconditioner();
}

template <typename Real>
void ConjugateGradients<Real>::make_preconditioner() {
  const RowRange share = even_share(std::ssize(left_), objective_.comm.size(), objective_.comm.rank());
  mine_.resize(index(share.size()));
  std::iota(mine_.begin(), mine_.end(), share.begin);
  inverse_.reset();
  if (!mine_.empty()) inverse_.emplace(basis_, objective_.bias * objective_.bias * basis_.rows, picked(mean_, mine_));
}

/// Every rank takes a share of the columns. Collective.
template <typename Real>
Matrix<Real> ConjugateGradients<Real>::preconditioned() const {
  if (objective_.comm.size() == 1 && inverse_) return inverse_->apply(r_);
  Matrix<Real> z = Matrix<Real>::Zero(r_.rows(), r_.cols());
  if (inverse_) z(Eigen::all, mine_) = inverse_->apply(some_columns(r_, mine_));
  objective_.comm.sum(numbers(z));
  return z;
}

template class ConjugateGradients<float>;
template class ConjugateGradients<double>;

}  // namespace pool3::svm
