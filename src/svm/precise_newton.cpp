#include "svm/precise_newton.hpp"

#include <algorithm>
#include <utility>

#include "svm/line_search.hpp"

namespace pool3::detail {
namespace {

/// Residual, relative to the gradient, that a Newton step is solved to.
constexpr double forcing = 0.1;
constexpr std::int64_t most_cg_products = 60;
/// Stiffness of the smoothed hinge: at first, its growth with each move of the centres, and at most. The squared hinge
/// has 2.
constexpr double first_stiffness = 100;
constexpr int stiffness_growth = 2;
constexpr double most_stiffness = 1e6;
/// The centres move when so much of the gap, compared with that of the smoothing, is left in the gradient.
constexpr double near_minimum = 0.3;
/// Steps without a better certificate after which double has nothing more to give.
constexpr int stall_steps = 30;

class Newton {
 public:
  Newton(const Point& point, Pair<double>& pair, const std::function<const Spectrum&()>& spectrum,
         const NewtonLimits& limits)
      : p_(point),
        v_(pair.v),
        alpha_(pair.alpha),
        spectrum_(spectrum),
        limits_(limits),
        padded_(point.padded()),
        rows_(static_cast<double>(point.comm.sum(point.problem.rows))),
        squared_(point.table.loss == Loss::l2),
        stiffness_(index(padded_), squared_ ? 2.0 : first_stiffness) {
    if (!squared_) centre_ = alpha_;
  }

  /// Loss, alpha, gradient and gap at v. Collective.
  void evaluate();
  /// The hinge: moves the centre of the columns that are near the minimum of their smoothed loss. Collective.
  void move_centres();
  /// One Newton step of the columns whose gap is not small. Collective.
  void step();
  Certificate certificate;
  std::int64_t products = 0;

 private:
  Doubles evaluate_rows();
  [[nodiscard]] double dual(std::size_t at, std::int64_t column, double cost, double slack) const;
  struct Direction {
    Doubles d;   ///< [dim + 1, width]
    Doubles xd;  ///< [rows, width]
  };
  [[nodiscard]] std::vector<std::int64_t> open_columns() const;
  [[nodiscard]] Doubles curvatures(const std::vector<std::int64_t>& columns) const;
  Direction conjugate_gradients(const std::vector<std::int64_t>& columns);
  [[nodiscard]] Preconditioner preconditioner(const Doubles& curvature, std::size_t width) const;
  [[nodiscard]] LossSlopes loss_slopes(const std::vector<std::int64_t>& columns, const Doubles& xd,
                                       const Doubles& t) const;
  [[nodiscard]] Doubles line_search(const std::vector<std::int64_t>& columns, const Direction& direction) const;

  const Point& p_;
  Doubles& v_;      ///< [dim + 1, padded]: w, then its bias row
  Doubles& alpha_;  ///< [rows, padded]
  const std::function<const Spectrum&()>& spectrum_;
  const NewtonLimits& limits_;
  std::int64_t padded_;
  double rows_;  ///< of all ranks
  bool squared_;
  Doubles stiffness_;      ///< [padded] of the smoothed loss, in units of C_i
  Doubles centre_;         ///< [rows, padded] dual variables that the smoothing pulls to; empty: 0
  Doubles f_;              ///< [rows, padded] margins at v
  Doubles smoothing_gap_;  ///< [padded] part of the gap that the gradient does not tell: 0 for the squared hinge
  Doubles gradient_;       ///< [dim + 1, padded]
};

/// The dual variable that the smoothed loss has at this slack.
double Newton::dual(std::size_t at, std::int64_t column, double cost, double slack) const {
  const double a = std::max((squared_ ? 0.0 : centre_[at]) + stiffness_[index(column)] * cost * slack, 0.0);
  return squared_ ? a : std::min(a, cost);
}

void Newton::evaluate() {
  f_ = PreciseProducts(p_, index(padded_)).margins(v_);
  ++products;
  const Doubles signed_alpha = evaluate_rows();
  p_.comm.sum(std::span<double>(certificate.primal));
  p_.comm.sum(std::span<double>(smoothing_gap_));
  gradient_ = PreciseProducts(p_, index(padded_)).back(signed_alpha);
  for (std::size_t i = 0; i < v_.size(); ++i) gradient_[i] = v_[i] - gradient_[i];
  certificate.gap = smoothing_gap_;
  const Doubles norms = dots(v_, v_, index(padded_)), squares = dots(gradient_, gradient_, index(padded_));
  for (std::size_t j = 0; j < norms.size(); ++j) {
    certificate.primal[j] += 0.5 * norms[j];
    certificate.gap[j] += 0.5 * squares[j];
  }
}

/// Sets alpha of this rank's rows, and their share of loss and smoothing gap. Returns y alpha. Not collective.
Doubles Newton::evaluate_rows() {
  certificate.primal.assign(index(padded_), 0.0);
  smoothing_gap_.assign(index(padded_), 0.0);
  std::fill(alpha_.begin(), alpha_.end(), 0.0);
  Doubles signed_alpha(f_.size(), 0.0);
  for (std::int64_t i = 0; i < p_.problem.rows; ++i) {
    const std::int32_t label = p_.problem.labels[index(i)], fold = p_.fold(i);
    for (std::int64_t j = 0; j < padded_; ++j) {
      if (!p_.table.counts(j, fold)) continue;
      const auto at = index(i * padded_ + j);
      const double y = p_.table.is_positive(j, label) ? 1.0 : -1.0;
      const double slack = 1.0 - y * f_[at], xi = std::max(slack, 0.0);
      const double cost = p_.cost(j, i), a = dual(at, j, cost, slack);
      alpha_[at] = a;
      signed_alpha[at] = y * a;
      certificate.primal[index(j)] += squared_ ? cost * xi * xi : cost * xi;
      if (!squared_) smoothing_gap_[index(j)] += (cost - a) * xi - a * std::min(slack, 0.0);
    }
  }
  return signed_alpha;
}

void Newton::move_centres() {
  if (squared_) return;
  std::vector<std::int64_t> due;
  for (std::int64_t j = 0; j < padded_; ++j) {
    const double smoothing = smoothing_gap_[index(j)];
    if (smoothing <= 0 || certificate.gap[index(j)] - smoothing > near_minimum * smoothing) continue;
    due.push_back(j);
    stiffness_[index(j)] = std::min(stiffness_growth * stiffness_[index(j)], most_stiffness);
  }
  if (due.empty()) return;
  for (std::int64_t i = 0; i < p_.problem.rows; ++i)
    for (const std::int64_t j : due) centre_[index(i * padded_ + j)] = alpha_[index(i * padded_ + j)];
  evaluate();
}

std::vector<std::int64_t> Newton::open_columns() const {
  std::vector<std::int64_t> columns;
  for (std::int64_t j = 0; j < padded_; ++j)
    if (certificate.gap[index(j)] > 0.5 * limits_.tolerance * certificate.primal[index(j)]) columns.push_back(j);
  return columns;
}

/// Second derivatives of the smoothed loss: [rows, width].
Doubles Newton::curvatures(const std::vector<std::int64_t>& columns) const {
  Doubles out(index(p_.problem.rows) * columns.size());
  for (std::int64_t i = 0; i < p_.problem.rows; ++i)
    for (std::size_t c = 0; c < columns.size(); ++c) {
      const double a = alpha_[index(i * padded_ + columns[c])];
      const double cost = p_.cost(columns[c], i);
      const bool inside = a > 0.0 && (squared_ || a < cost);
      out[index(i) * columns.size() + c] = inside ? stiffness_[index(columns[c])] * cost : 0.0;
    }
  return out;
}

/// Collective.
Preconditioner Newton::preconditioner(const Doubles& curvature, std::size_t width) const {
  Doubles mean(width, 0.0);
  for_each_entry(curvature.size(), width, [&](std::size_t i, std::size_t c) { mean[c] += curvature[i] / rows_; });
  p_.comm.sum(std::span<double>(mean));
  return {spectrum_(), p_.bias * p_.bias * rows_, std::move(mean)};
}

Newton::Direction Newton::conjugate_gradients(const std::vector<std::int64_t>& columns) {
  const std::size_t width = columns.size();
  const PreciseProducts product(p_, width);
  const Doubles curvature = curvatures(columns);
  const Preconditioner inverse = preconditioner(curvature, width);
  Doubles r = gather(gradient_, padded_, columns);
  for (double& value : r) value = -value;
  Direction out{Doubles(r.size(), 0.0), Doubles(curvature.size(), 0.0)};
  Doubles z = inverse.apply(r);
  Doubles direction = z;
  Doubles rz = dots(r, z, width);
  Doubles goal = dots(r, r, width);
  for (double& g : goal) g *= forcing * forcing;
  for (std::int64_t k = 0; k < most_cg_products && products + 1 < limits_.max_products; ++k) {
    const Doubles xd = product.margins(direction);
    Doubles weighted(xd.size());
    std::transform(xd.begin(), xd.end(), curvature.begin(), weighted.begin(), std::multiplies<>());
    Doubles h = product.back(weighted);
    for (std::size_t i = 0; i < h.size(); ++i) h[i] += direction[i];
    ++products;
    const Doubles curve = dots(direction, h, width);
    const Doubles residual = dots(r, r, width);
    Doubles step(width, 0.0);  // a column that has reached its goal stands still
    for (std::size_t c = 0; c < width; ++c)
      if (curve[c] > 0 && residual[c] > goal[c]) step[c] = rz[c] / curve[c];
    for_each_entry(r.size(), width, [&](std::size_t i, std::size_t c) {
      out.d[i] += step[c] * direction[i];
      r[i] -= step[c] * h[i];
    });
    for_each_entry(xd.size(), width, [&](std::size_t i, std::size_t c) { out.xd[i] += step[c] * xd[i]; });
    const Doubles now = dots(r, r, width);
    if (std::equal(now.begin(), now.end(), goal.begin(), std::less_equal<>()) || limits_.expired()) break;
    z = inverse.apply(r);
    const Doubles next = dots(r, z, width);
    Doubles keep(width, 0.0);
    for (std::size_t c = 0; c < width; ++c)
      if (rz[c] > 0) keep[c] = next[c] / rz[c];
    for_each_entry(direction.size(), width,
                   [&](std::size_t i, std::size_t c) { direction[i] = z[i] + keep[c] * direction[i]; });
    rz = next;
  }
  return out;
}

/// Derivatives of P along the direction at step lengths t, but for the terms of 1/2 |v|^2. Collective.
LossSlopes Newton::loss_slopes(const std::vector<std::int64_t>& columns, const Doubles& xd, const Doubles& t) const {
  const std::size_t width = columns.size();
  LossSlopes out{Doubles(width, 0.0), Doubles(width, 0.0)};
  for (std::int64_t i = 0; i < p_.problem.rows; ++i) {
    const std::int32_t label = p_.problem.labels[index(i)], fold = p_.fold(i);
    for (std::size_t c = 0; c < width; ++c) {
      if (!p_.table.counts(columns[c], fold)) continue;
      const double y = p_.table.is_positive(columns[c], label) ? 1.0 : -1.0;
      const auto x = xd[index(i) * width + c];
      const auto at = index(i * padded_ + columns[c]);
      const double slack = 1.0 - y * (f_[at] + t[c] * x);
      const auto cost = static_cast<double>(p_.cost(columns[c], i));
      const double pull = stiffness_[index(columns[c])] * cost;
      const double a = (squared_ ? 0.0 : centre_[at]) + pull * slack;
      if (a <= 0) continue;
      const bool inside = squared_ || a < cost;
      out.slope[c] -= y * x * (inside ? a : cost);
      if (inside) out.curve[c] += pull * x * x;
    }
  }
  p_.comm.sum(std::span<double>(out.slope));
  p_.comm.sum(std::span<double>(out.curve));
  return out;
}

/// Collective.
Doubles Newton::line_search(const std::vector<std::int64_t>& columns, const Direction& direction) const {
  const Doubles vd = dots(gather(v_, padded_, columns), direction.d, columns.size());
  const Doubles dd = dots(direction.d, direction.d, columns.size());
  return detail::line_search(vd, dd, [&](const Doubles& t) { return loss_slopes(columns, direction.xd, t); });
}

void Newton::step() {
  const auto columns = open_columns();
  const Direction direction = conjugate_gradients(columns);
  const Doubles t = line_search(columns, direction);
  scatter_add(v_, padded_, columns, direction.d, t);
}

}  // namespace

NewtonResult precise_newton(const Point& point, Pair<double>& pair, const std::function<const Spectrum&()>& spectrum,
                            const NewtonLimits& limits, const std::function<void(const NewtonProgress&)>& progress) {
  Newton solver(point, pair, spectrum, limits);
  solver.evaluate();
  double best = solver.certificate.relative_gap();
  // A step is three passes at least: centres, conjugate gradients, certificate.
  for (int since_best = 0; solver.certificate.relative_gap() > limits.tolerance && since_best < stall_steps &&
                           solver.products + 3 <= limits.max_products && !limits.expired();) {
    solver.move_centres();
    solver.step();
    solver.evaluate();
    progress({solver.products, solver.certificate.relative_gap()});
    since_best = solver.certificate.relative_gap() < best ? 0 : since_best + 1;
    best = std::min(best, solver.certificate.relative_gap());
  }
  return {solver.certificate, solver.products};
}

}  // namespace pool3::detail
