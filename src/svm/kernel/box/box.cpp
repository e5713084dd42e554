#include "svm/kernel/box/box.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "svm/algebra/add_row.hpp"

namespace pool3::svm {

template <typename Real>
double Box<Real>::level() const {
  if (!keeps_sum) return 0;
  double rise = std::numeric_limits<double>::infinity(), fall = -rise;
  for (Eigen::Index i = 0; i < size(); ++i) {
    if (v[i] < high[i]) rise = std::min(rise, h[i]);
    if (v[i] > low[i]) fall = std::max(fall, h[i]);
  }
  return std::isfinite(rise) && std::isfinite(fall) ? 0.5 * (rise + fall) : 0.0;
}

template <typename Real>
double Box<Real>::slope(Eigen::Index i, double level) const {
  const double s = h[i] - level;
  return (s < 0 ? v[i] < high[i] : v[i] > low[i]) ? s : 0.0;
}

template <typename Real>
double Box<Real>::violation() const {
  const double l = level();
  double most = 0;
  for (Eigen::Index i = 0; i < size(); ++i) most = std::max(most, std::abs(slope(i, l)));
  return most;
}

template <typename Real>
void Box<Real>::move(Eigen::Index i, double step) {
  v[i] += step;
  add_row(a.row(i).data(), step, a.cols(), h.data());
}

template <typename Real>
void Box<Real>::move_to(Eigen::Index i, double to) {
  const double step = to - v[i];
  if (step == 0) return;
  move(i, step);
  v[i] = to;
}

template struct Box<float>;
template struct Box<double>;

}  // namespace pool3::svm
