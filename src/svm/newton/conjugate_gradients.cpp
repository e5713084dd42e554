#include "svm/newton/conjugate_gradients.hpp"

#include <algorithm>
#include <functional>
#include <numeric>
#include <utility>

#include "pool3/partition.hpp"

namespace pool3::svm {
namespace {

/// Part of the columns that may be open at the end where every pass goes over whole matrices.
constexpr double open_part = 0.125;
/// Columns that are done are left behind when they are so many of those that remain.
constexpr double closed_part = 0.25;

/// Sum over the rows of all ranks, by column, divided by those that the spectrum is of. Collective.
template <typename Real>
Doubles means(const Point& point, const Spectrum& spectrum, const std::vector<Real>& curvature, std::size_t width) {
  Doubles mean(width, 0.0);
  for_each_entry(curvature.size(), width,
                 [&](std::size_t i, std::size_t c) { mean[c] += static_cast<double>(curvature[i]); });
  point.comm.sum(std::span<double>(mean));
  for (double& m : mean) m /= spectrum.rows;
  return mean;
}

template <typename T>
void pick(std::vector<T>& from, const std::vector<std::int64_t>& places) {
  std::vector<T> to;
  to.reserve(places.size());
  for (const std::int64_t p : places) to.push_back(from[index(p)]);
  from = std::move(to);
}

}  // namespace

template <typename Real>
ConjugateGradients<Real>::ConjugateGradients(const Point& point, const Spectrum& spectrum, Reals curvature, Reals right,
                                             double forcing)
    : point_(point),
      spectrum_(spectrum),
      full_width_(right.size() / index(point.problem.dim + 1)),
      pairs_(point, curvature, full_width_),
      few_(pairs_.few()),
      all_few_(point.comm.all(few_)),
      found_(right.size(), Real{0}),
      left_(full_width_),
      curvature_(std::move(curvature)),
      mean_(means(point, spectrum, curvature_, full_width_)),
      r_(std::move(right)),
      goal_(dots(r_, r_, full_width_)),
      open_(full_width_, true) {
  std::iota(left_.begin(), left_.end(), 0);
  if (few_) curvature_ = {};
  for (double& g : goal_) g *= forcing * forcing;
  make_preconditioner();
  along_ = preconditioned();
  rz_ = dots(r_, along_, full_width_);
}

/// (I + sum h x x^T) along: collective.
template <typename Real>
std::vector<Real> ConjugateGradients<Real>::curved() const {
  Reals h;
  if (few_) {
    h = pairs_.curved(along_);
  } else {
    const Products product(point_, left_.size());
    Reals weighted = product.margins(along_);
    std::transform(weighted.begin(), weighted.end(), curvature_.begin(), weighted.begin(), std::multiplies<>());
    h = product.back(weighted);
  }
  for (std::size_t i = 0; i < h.size(); ++i) h[i] += along_[i];
  return h;
}

template <typename Real>
void ConjugateGradients<Real>::pass() {
  const std::size_t width = left_.size();
  if (width == 0) return;
  const Reals h = curved();
  const Doubles curve = dots(along_, h, width);
  Reals step(width, Real{0});  // a column that has reached its goal stands still
  for (std::size_t c = 0; c < width; ++c)
    if (curve[c] > 0 && open_[c]) step[c] = static_cast<Real>(rz_[c] / curve[c]);
  for (std::size_t row = 0; row < r_.size() / width; ++row)
    for (std::size_t c = 0; c < width; ++c) {
      found_[row * full_width_ + index(left_[c])] += step[c] * along_[row * width + c];
      r_[row * width + c] -= step[c] * h[row * width + c];
    }
  find_open();
  if (done_) return;
  leave_behind();
  const Reals z = preconditioned();
  const Doubles next = dots(r_, z, left_.size());
  for_each_entry(along_.size(), left_.size(), [&](std::size_t i, std::size_t c) {
    const Real keep = rz_[c] > 0 ? static_cast<Real>(next[c] / rz_[c]) : Real{0};
    along_[i] = z[i] + keep * along_[i];
  });
  rz_ = next;
}

template <typename Real>
void ConjugateGradients<Real>::find_open() {
  const Doubles residual = dots(r_, r_, left_.size());
  for (std::size_t c = 0; c < left_.size(); ++c) open_[c] = residual[c] > goal_[c];
  const auto count = static_cast<double>(std::count(open_.begin(), open_.end(), true));
  done_ = count <= (all_few_ ? 0.0 : open_part * static_cast<double>(full_width_));
}

template <typename Real>
void ConjugateGradients<Real>::leave_behind() {
  const auto width = static_cast<std::int64_t>(left_.size());
  std::vector<std::int64_t> stay;
  for (std::int64_t c = 0; c < width; ++c)
    if (open_[index(c)]) stay.push_back(c);
  if (static_cast<double>(width - std::ssize(stay)) < closed_part * static_cast<double>(width)) return;
  r_ = gather(r_, width, stay);
  along_ = gather(along_, width, stay);
  if (few_)
    pairs_.keep(stay);
  else
    curvature_ = gather(curvature_, width, stay);
  pick(left_, stay);
  pick(mean_, stay);
  pick(rz_, stay);
  pick(goal_, stay);
  open_.assign(stay.size(), true);
  make_preconditioner();
}

template <typename Real>
void ConjugateGradients<Real>::make_preconditioner() {
  const RowRange share = even_share(std::ssize(left_), point_.comm.size(), point_.comm.rank());
  mine_.resize(index(share.size()));
  std::iota(mine_.begin(), mine_.end(), share.begin);
  Doubles mean = mean_;
  pick(mean, mine_);
  inverse_.reset();
  if (!mine_.empty()) inverse_.emplace(spectrum_, point_.bias * point_.bias * spectrum_.rows, std::move(mean));
}

/// Every rank takes a share of the columns. Collective.
template <typename Real>
std::vector<Real> ConjugateGradients<Real>::preconditioned() const {
  if (point_.comm.size() == 1) return inverse_->apply(r_);
  Reals z(r_.size(), Real{0});
  const auto width = static_cast<std::int64_t>(left_.size());
  if (inverse_) scatter_add(z, width, mine_, inverse_->apply(gather(r_, width, mine_)), Doubles(mine_.size(), 1.0));
  point_.comm.sum(std::span<Real>(z));
  return z;
}

template class ConjugateGradients<float>;
template class ConjugateGradients<double>;

}  // namespace pool3::svm
