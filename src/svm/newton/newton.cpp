#include "svm/newton/newton.hpp"

#include <algorithm>
#include <numeric>
#include <utility>

#include "svm/algebra/support_products.hpp"
#include "svm/newton/conjugate_gradients.hpp"
#include "svm/newton/factorised_step.hpp"
#include "svm/newton/line_search.hpp"
#include "svm/newton/smoothed_loss.hpp"
#include "svm/newton/smoothing.hpp"

namespace pool3::svm {
namespace {

/// Residual, relative to the gradient, that a Newton step is solved to.
constexpr double forcing = 0.1;
constexpr std::int64_t most_cg_products = 60;
/// Steps after which margins are computed anew: until then, what a step changes is added to them.
constexpr int most_stale_steps = 8;

template <typename Real>
class Newton {
 public:
  Newton(const Point& point, Pair<Real>& pair, const std::function<const Spectrum&()>& spectrum,
         const NewtonLimits& limits)
      : p_(point),
        v_(pair.v),
        alpha_(pair.alpha),
        spectrum_(spectrum),
        limits_(limits),
        padded_(point.padded()),
        every_column_(index(padded_)),
        squared_(point.table.loss == Loss::l2),
        stiffness_(index(padded_), squared_ ? Real{2} : static_cast<Real>(pace.first)) {
    std::iota(every_column_.begin(), every_column_.end(), 0);
    if (!squared_) centre_ = alpha_;
  }

  /// Loss, alpha, gradient and gap at v. Collective.
  void evaluate();
  /// The same with margins that are computed anew. Collective.
  void evaluate_anew();
  /// The same after a step: anew if margins are old, or if the tolerance seems to be reached. Collective.
  void evaluate_step(double tolerance);
  [[nodiscard]] bool is_stale() const { return stale_steps_ > 0; }
  /// The hinge: moves the centre of the columns that are near the minimum of their smoothed loss. Collective.
  void move_centres();
  /// One Newton step of the columns whose gap is not small. Collective.
  void step();
  /// P at v, over all columns.
  [[nodiscard]] double primal() const {
    return std::accumulate(certificate.primal.begin(), certificate.primal.end(), 0.0);
  }

  Certificate certificate;
  std::int64_t products = 0;

 private:
  using Reals = std::vector<Real>;
  static constexpr Pace pace = Precision<Real>::newton;
  Reals evaluate_rows();
  struct Direction {
    Reals d;   ///< [dim + 1, width]
    Reals xd;  ///< [rows, width]
  };
  [[nodiscard]] std::vector<std::int64_t> open_columns() const;
  [[nodiscard]] LossRow<Real> loss_row(std::int64_t row, const Reals& f, const Reals& centre, std::size_t width) const;
  [[nodiscard]] Reals columns_of(const Reals& all, const std::vector<std::int64_t>& columns) const;
  [[nodiscard]] Reals curvatures(const std::vector<std::int64_t>& columns) const;
  Direction direction(const std::vector<std::int64_t>& columns);
  Reals conjugate_gradients(const std::vector<std::int64_t>& columns, Reals right);
  /// What the search along a direction looks at: [rows, width].
  struct Line {
    LossColumns<Real> columns;
    Reals f, centre;
    const Reals& xd;
  };
  [[nodiscard]] LossSlopes loss_slopes(const Line& line, const Doubles& t) const;
  [[nodiscard]] Doubles line_search(const std::vector<std::int64_t>& columns, const Direction& direction) const;

  const Point& p_;
  Reals& v_;      ///< [dim + 1, padded]: w, then its bias row
  Reals& alpha_;  ///< [rows, padded]
  const std::function<const Spectrum&()>& spectrum_;
  const NewtonLimits& limits_;
  std::int64_t padded_;
  std::vector<std::int64_t> every_column_;
  bool squared_;
  Reals stiffness_;        ///< [padded] of the smoothed loss, in units of C_i
  Reals centre_;           ///< [rows, padded] dual variables that the smoothing pulls to; empty: 0
  Reals f_;                ///< [rows, padded] margins at v
  Doubles smoothing_gap_;  ///< [padded] part of the gap that the gradient does not tell: 0 for the squared hinge
  Reals gradient_;         ///< [dim + 1, padded]
  int stale_steps_ = 0;    ///< since margins were computed
};

template <typename Real>
void Newton<Real>::evaluate_anew() {
  f_ = Products(p_, index(padded_)).margins(v_);
  stale_steps_ = 0;
  ++products;
  evaluate();
}

template <typename Real>
void Newton<Real>::evaluate() {
  const Reals signed_alpha = evaluate_rows();
  p_.comm.sum(std::span<double>(certificate.primal));
  p_.comm.sum(std::span<double>(smoothing_gap_));
  const RowEntries<Real> duals(p_, signed_alpha, index(padded_));
  gradient_ = duals.few() ? duals.back() : Products(p_, index(padded_)).back(signed_alpha);
  for (std::size_t i = 0; i < v_.size(); ++i) gradient_[i] = v_[i] - gradient_[i];
  certificate.gap = smoothing_gap_;
  const Doubles norms = dots(v_, v_, index(padded_)), squares = dots(gradient_, gradient_, index(padded_));
  for (std::size_t j = 0; j < norms.size(); ++j) {
    certificate.primal[j] += 0.5 * norms[j];
    certificate.gap[j] += 0.5 * squares[j];
  }
}

template <typename Real>
void Newton<Real>::evaluate_step(double tolerance) {
  if (stale_steps_ >= most_stale_steps) return evaluate_anew();
  evaluate();
  if (certificate.relative_gap() <= tolerance) evaluate_anew();
}

template <typename Real>
LossRow<Real> Newton<Real>::loss_row(std::int64_t row, const Reals& f, const Reals& centre, std::size_t width) const {
  const std::size_t at = index(row) * width;
  return {.label = p_.problem.labels[index(row)],
          .fold = p_.fold(row),
          .weight = p_.weight(row),
          .f = f.data() + at,
          .centre = squared_ ? nullptr : centre.data() + at};
}

/// Sets alpha of this rank's rows, and their share of loss and smoothing gap. Returns y alpha. Not collective.
template <typename Real>
std::vector<Real> Newton<Real>::evaluate_rows() {
  certificate.primal.assign(index(padded_), 0.0);
  smoothing_gap_.assign(index(padded_), 0.0);
  Reals signed_alpha(f_.size());
  const LossColumns<Real> columns(p_.table, every_column_, stiffness_);
  for (std::int64_t i = 0; i < p_.problem.rows; ++i)
    add_loss(columns, loss_row(i, f_, centre_, index(padded_)), alpha_.data() + i * padded_,
             signed_alpha.data() + i * padded_, certificate.primal.data(), smoothing_gap_.data());
  return signed_alpha;
}

template <typename Real>
void Newton<Real>::move_centres() {
  if (squared_) return;
  std::vector<std::int64_t> due;
  for (std::int64_t j = 0; j < padded_; ++j) {
    const double smoothing = smoothing_gap_[index(j)];
    if (smoothing <= 0 || certificate.gap[index(j)] - smoothing > near_minimum * smoothing) continue;
    due.push_back(j);
    stiffness_[index(j)] =
        static_cast<Real>(std::min(pace.growth * static_cast<double>(stiffness_[index(j)]), pace.most));
  }
  if (due.empty()) return;
  for (std::int64_t i = 0; i < p_.problem.rows; ++i)
    for (const std::int64_t j : due) centre_[index(i * padded_ + j)] = alpha_[index(i * padded_ + j)];
  evaluate();
}

template <typename Real>
std::vector<std::int64_t> Newton<Real>::open_columns() const {
  std::vector<std::int64_t> columns;
  for (std::int64_t j = 0; j < padded_; ++j)
    if (certificate.gap[index(j)] > 0.5 * limits_.tolerance * certificate.primal[index(j)]) columns.push_back(j);
  return columns;
}

/// Second derivatives of the smoothed loss: [rows, width].
template <typename Real>
std::vector<Real> Newton<Real>::curvatures(const std::vector<std::int64_t>& columns) const {
  Reals out(index(p_.problem.rows) * columns.size());
  for (std::int64_t i = 0; i < p_.problem.rows; ++i)
    for (std::size_t c = 0; c < columns.size(); ++c) {
      const Real a = alpha_[index(i * padded_ + columns[c])];
      const Real cost = p_.cost(columns[c], i);
      const bool inside = a > Real{0} && (squared_ || a < cost);
      out[index(i) * columns.size() + c] = inside ? stiffness_[index(columns[c])] * cost : Real{0};
    }
  return out;
}

template <typename Real>
typename Newton<Real>::Direction Newton<Real>::direction(const std::vector<std::int64_t>& columns) {
  Reals right = gather(gradient_, padded_, columns);
  for (Real& value : right) value = -value;
  Reals d;
  if constexpr (Precision<Real>::factorises) {
    if (has_few_features(p_.problem)) {
      d = solve_directly(p_, curvatures(columns), right);
      ++products;
    }
  }
  if (d.empty()) d = conjugate_gradients(columns, std::move(right));
  return {d, Products(p_, columns.size()).margins(d)};
}

template <typename Real>
std::vector<Real> Newton<Real>::conjugate_gradients(const std::vector<std::int64_t>& columns, Reals right) {
  ConjugateGradients<Real> solver(p_, spectrum_(), curvatures(columns), std::move(right), forcing);
  for (std::int64_t k = 0; k < most_cg_products && products + 1 < limits_.max_products && !solver.done(); ++k) {
    solver.pass();
    ++products;
    if (limits_.expired()) break;
  }
  return solver.direction();
}

/// Some columns of [rows, padded].
template <typename Real>
std::vector<Real> Newton<Real>::columns_of(const Reals& all, const std::vector<std::int64_t>& columns) const {
  return std::ssize(columns) == padded_ ? all : gather(all, padded_, columns);
}

/// Derivatives of P along the direction at step lengths t, but for the terms of 1/2 |v|^2. Collective.
template <typename Real>
LossSlopes Newton<Real>::loss_slopes(const Line& line, const Doubles& t) const {
  const std::size_t width = line.columns.width();
  LossSlopes out{Doubles(width, 0.0), Doubles(width, 0.0)};
  for (std::int64_t i = 0; i < p_.problem.rows; ++i)
    add_slopes(line.columns, loss_row(i, line.f, line.centre, width), line.xd.data() + index(i) * width, t.data(),
               out.slope.data(), out.curve.data());
  p_.comm.sum(std::span<double>(out.slope));
  p_.comm.sum(std::span<double>(out.curve));
  return out;
}

/// Collective.
template <typename Real>
Doubles Newton<Real>::line_search(const std::vector<std::int64_t>& columns, const Direction& direction) const {
  const Doubles vd = dots(gather(v_, padded_, columns), direction.d, columns.size());
  const Doubles dd = dots(direction.d, direction.d, columns.size());
  const Line line{LossColumns<Real>(p_.table, columns, stiffness_), columns_of(f_, columns),
                  squared_ ? Reals() : columns_of(centre_, columns), direction.xd};
  return svm::line_search(vd, dd, [&](const Doubles& t) { return loss_slopes(line, t); });
}

template <typename Real>
void Newton<Real>::step() {
  const auto columns = open_columns();
  const Direction to = direction(columns);
  const Doubles t = line_search(columns, to);
  scatter_add(v_, padded_, columns, to.d, t);
  scatter_add(f_, padded_, columns, to.xd, t);
  ++stale_steps_;
}

}  // namespace

template <typename Real>
NewtonResult newton(const Point& point, Pair<Real>& pair, const std::function<const Spectrum&()>& spectrum,
                    const NewtonLimits& limits, const std::function<void(const NewtonProgress&)>& progress) {
  Newton<Real> solver(point, pair, spectrum, limits);
  solver.evaluate_anew();
  double best = solver.certificate.relative_gap();
  // A step is three passes at least: centres, conjugate gradients, certificate.
  for (int since_best = 0; solver.certificate.relative_gap() > limits.tolerance &&
                           since_best < Precision<Real>::newton.stall_steps &&
                           solver.products + 3 <= limits.max_products && !limits.expired();) {
    solver.move_centres();
    const double primal = solver.primal();
    solver.step();
    solver.evaluate_step(limits.tolerance);
    progress({solver.products, solver.certificate.relative_gap()});
    if (limits.least_fall > 0 && primal - solver.primal() < limits.least_fall * primal) break;
    since_best = solver.certificate.relative_gap() < best ? 0 : since_best + 1;
    best = std::min(best, solver.certificate.relative_gap());
  }
  if (solver.is_stale()) solver.evaluate_anew();
  return {solver.certificate, solver.products};
}

template NewtonResult newton(const Point&, Pair<float>&, const std::function<const Spectrum&()>&, const NewtonLimits&,
                             const std::function<void(const NewtonProgress&)>&);
template NewtonResult newton(const Point&, Pair<double>&, const std::function<const Spectrum&()>&, const NewtonLimits&,
                             const std::function<void(const NewtonProgress&)>&);

}  // namespace pool3::svm
