#include "svm/kernel/low_rank.hpp"

#include <Eigen/Cholesky>
#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <utility>

#include "pool3/numbers/target_clones.hpp"
#include "svm/algebra/add_row.hpp"
#include "svm/algebra/cholesky.hpp"
#include "svm/model/columns.hpp"

namespace pool3::svm {
namespace {

using Floats = Vector<float>;

// 64 landmarks cost half as much, and the steps that follow on the kernel a third more; with 256 it is twice as much
// for a fifth less.
constexpr std::int64_t landmarks = 128, least_rows_of_each = 8;
/// Added to the landmarks' diagonal, as a part of it.
constexpr double jitter = 1e-5;
/// Part of the diagonal that z may leave: the RBF kernel of emoji leaves 0.01 with gamma = 0.25 medians, where starts
/// gain a fifth, 0.06 with 1, where they gain nothing, and 0.14 with 2, where they guess far too many rows at a large
/// C.
constexpr double most_left = 0.03;
/// Rows that a second derivative is summed up over: of more, these stand for all.
constexpr std::size_t most_of_hessian = 512;
/// A step that lowers P by a smaller part ends it.
constexpr double least_fall = 3e-3;
constexpr int most_steps = 20, most_search_steps = 20;
constexpr double step_enough = 1e-3;

/// The primal over z: P(w) = 1/2 |w|^2 + 1/2 sum k_i max(0, s_i)^2, s_i = 1 - y_i w . z_i.
struct Iterate {
  Floats y, stiffness;  ///< [rows] of k: 1 / (1 / (2 C) + rest)
  Floats w, f;
  Floats slack, force;  ///< s, and k max(0, s)
  RowList positive, negative;
  double primal = 0;
};

void update(Iterate& p) {
  p.slack = 1 - p.y.array() * p.f.array();
  p.force = p.stiffness.array() * p.slack.array().max(0.0F);
  p.positive.clear();
  p.negative.clear();
  double loss = 0;
  for (Eigen::Index i = 0; i < p.force.size(); ++i) {
    if (!(p.force[i] > 0)) continue;
    loss += static_cast<double>(p.force[i]) * static_cast<double>(p.slack[i]);
    (p.y[i] > 0 ? p.positive : p.negative).push_back(static_cast<std::int32_t>(i));
  }
  p.primal = 0.5 * (p.w.cast<double>().squaredNorm() + loss);
}

Iterate zero_iterate(const KernelColumn& c, const std::vector<double>& rest, Eigen::Index rank) {
  const auto n = std::ssize(rest);
  Iterate p{.y = Floats(n), .stiffness = Floats(n), .w = Floats::Zero(rank), .f = Floats::Zero(n)};
  for (std::int64_t i = 0; i < n; ++i) {
    const auto cost = static_cast<double>(c.cost[index(i)]);
    p.y[i] = c.y[index(i)];
    p.stiffness[i] = cost > 0 ? static_cast<float>(1 / (0.5 / cost + rest[index(i)])) : 0.0F;
  }
  update(p);
  return p;
}

/// 1 + sum k_i z_i z_i^T, of the rows inside the margin: of each sign some that lie as far from each other.
Matrix<float> hessian(const Matrix<float>& z, const Iterate& p) {
  const std::size_t of_positive = std::min(p.positive.size(), most_of_hessian / 2);
  const std::size_t of_negative = std::min(p.negative.size(), most_of_hessian - of_positive);
  Matrix<float> some(static_cast<Eigen::Index>(of_positive + of_negative), z.cols());
  Eigen::Index to = 0;
  const auto add = [&](const RowList& from, std::size_t count) {
    for (std::size_t k = 0; k < count; ++k, ++to) {
      const std::int32_t i = from[k * from.size() / count];
      const float weight = static_cast<float>(from.size()) / static_cast<float>(count);
      some.row(to) = std::sqrt(weight * p.stiffness[i]) * z.row(i);
    }
  };
  add(p.positive, of_positive);
  add(p.negative, of_negative);
  Matrix<float> h = Matrix<float>::Identity(z.cols(), z.cols());
  h.selfadjointView<Eigen::Lower>().rankUpdate(some.transpose());
  return h;
}

/// Newton's direction; empty if the second derivative is not positive definite in floats.
Floats direction(const Matrix<float>& z, const Iterate& p) {
  const Matrix<float> h = hessian(z, p);
  PositiveSystem<float> system(h.rows());
  auto down = system.right();
  for (Eigen::Index r = 0; r < h.rows(); ++r) std::copy_n(h.row(r).data(), r + 1, system.row(r));
  down = -p.w;
  for (const RowList* side : {&p.positive, &p.negative})
    for (const std::int32_t i : *side) add_row(z.row(i).data(), p.y[i] * p.force[i], z.cols(), down.data());
  return system.solve() && down.allFinite() ? Floats(down) : Floats();
}

/// Slope and curve of the losses along a direction whose margins are fd, at a step t.
struct Slope {
  float slope = 0, curve = 0;
};
POOL3_TARGET_CLONES Slope loss_slope(std::int64_t count, const float* y, const float* stiffness, const float* slack,
                                     const float* fd, float t) {
  constexpr std::size_t lanes = 16;
  std::array<float, lanes> slope{}, curve{};
  std::int64_t i = 0;
  const auto add = [&](std::int64_t at, std::size_t l) __attribute__((always_inline)) {
    const float yd = y[at] * fd[at], s = slack[at] - t * yd, a = s > 0 ? stiffness[at] * yd : 0.0F;
    slope[l] -= a * s;
    curve[l] += a * yd;
  };
  for (; i + std::int64_t{lanes} <= count; i += lanes)
    for (std::size_t l = 0; l < lanes; ++l) add(i + std::int64_t(l), l);
  for (; i < count; ++i) add(i, 0);
  Slope sum;
  for (std::size_t l = 0; l < lanes; ++l) {
    sum.slope += slope[l];
    sum.curve += curve[l];
  }
  return sum;
}

/// The step with the lowest P: Newton's method on its slope, which is linear in pieces.
float line_search(const Iterate& p, const Floats& d, const Floats& fd) {
  const auto wd = static_cast<double>(p.w.dot(d)), dd = static_cast<double>(d.squaredNorm());
  double t = 1, low = 0, high = std::numeric_limits<double>::infinity();
  for (int k = 0; k < most_search_steps; ++k) {
    const Slope loss =
        loss_slope(fd.size(), p.y.data(), p.stiffness.data(), p.slack.data(), fd.data(), static_cast<float>(t));
    const double slope = wd + t * dd + static_cast<double>(loss.slope);
    (slope > 0 ? high : low) = t;
    const double to = t - slope / (dd + static_cast<double>(loss.curve));
    if (std::abs(to - t) <= step_enough * t) break;
    if (to > low && to < high)
      t = to;
    else
      t = std::isinf(high) ? 2 * t : 0.5 * (low + high);
  }
  return static_cast<float>(t);
}

/// Kernel of some rows, in order, with all rows: [some, rows].
Matrix<double> kernel_of(const KernelMatrix& k, const RowList& some) {
  Matrix<double> of(std::ssize(some), k.rows);
  for (Eigen::Index r = 0; r < of.rows(); ++r) {
    const float* from = k.row(some[index(r)]);
    const double own = k.shift_of(some[index(r)]) + k.constant;
    for (std::int64_t i = 0; i < k.rows; ++i) of(r, i) = static_cast<double>(from[i]) + own + k.shift_of(i);
  }
  return of;
}

}  // namespace

LowRankKernel::LowRankKernel(const KernelMatrix& kernel) {
  const std::int64_t n = kernel.rows;
  if (n < landmarks * least_rows_of_each) return;
  RowList at;  // rows lie by class: each has its share
  for (std::int64_t r = 0; r < landmarks; ++r)
    at.push_back(static_cast<std::int32_t>((2 * r + 1) * n / (2 * landmarks)));
  Matrix<double> z = kernel_of(kernel, at);
  Matrix<double> own = z(Eigen::all, at);
  own.diagonal().array() += jitter * own.diagonal().mean();
  const Eigen::LLT<Matrix<double>> factor(own);
  if (factor.info() != Eigen::Success) return;
  factor.matrixL().solveInPlace(z);
  if (!z.allFinite()) return;
  std::vector<double> rest;
  rest.reserve(index(n));
  double all = 0, left = 0;
  for (std::int64_t i = 0; i < n; ++i) {
    rest.push_back(std::max(0.0, kernel.diagonal(i) - z.col(i).squaredNorm()));
    all += kernel.diagonal(i);
    left += rest.back();
  }
  if (!(left < most_left * all)) return;
  z_ = z.transpose().cast<float>();
  rest_ = std::move(rest);
}

Guess LowRankKernel::solve(const KernelColumn& column) const {
  Iterate p = zero_iterate(column, rest_, z_.cols());
  double last = std::numeric_limits<double>::infinity();
  for (int step = 0; step < most_steps && p.primal < (1 - least_fall) * last; ++step) {
    last = p.primal;
    const Floats d = direction(z_, p);
    if (d.size() == 0) break;
    const Floats fd = z_ * d;
    const float t = line_search(p, d, fd);
    p.w += t * d;
    p.f += t * fd;
    update(p);
  }
  Guess guess;
  for (Eigen::Index i = 0; i < p.force.size(); ++i) {
    if (!(p.force[i] > 0) || !std::isfinite(p.force[i])) continue;
    guess.rows.push_back(static_cast<std::int32_t>(i));
    guess.v.push_back(static_cast<double>(p.y[i]) * static_cast<double>(p.force[i]));
  }
  return guess;
}

}  // namespace pool3::svm
