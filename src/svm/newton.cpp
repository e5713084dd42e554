#include "svm/newton.hpp"

#include <algorithm>
#include <numeric>

#include "svm/conjugate_gradients.hpp"
#include "svm/line_search.hpp"
#include "svm/products.hpp"
#include "svm/row_entries.hpp"
#include "svm/smoothed_loss.hpp"

namespace pool3::detail {
namespace {

/// Residual, relative to the gradient, that a Newton step is solved to.
constexpr double forcing = 0.1;
constexpr std::int64_t most_cg_products = 60;
/// Stiffness of the smoothed hinge: at first, its growth with each move of the centres, and at most. The squared hinge
/// has 2. More would make dual variables of the noise in float margins.
constexpr float first_stiffness = 3.0F;
constexpr float stiffness_growth = 2.0F;
constexpr float most_stiffness = 100.0F;
/// The centres move when so much of the gap, compared with that of the smoothing, is left in the gradient.
constexpr double near_minimum = 0.3;
/// Steps without a better certificate after which float has nothing more to give.
constexpr int stall_steps = 30;
/// Steps after which margins are computed anew: until then, what a step changes is added to them.
constexpr int most_stale_steps = 8;

/// w with its bias row below: [dim + 1, padded].
Floats weights_with_bias(const Point& point) {
  Floats v = point.w;
  v.insert(v.end(), point.bias_w.begin(), point.bias_w.end());
  return v;
}

class Newton {
 public:
  Newton(Point& point, const std::function<const Spectrum&()>& spectrum, const NewtonLimits& limits)
      : p_(point),
        spectrum_(spectrum),
        limits_(limits),
        padded_(point.padded()),
        every_column_(index(padded_)),
        v_(weights_with_bias(point)),
        squared_(point.table.loss == Loss::l2),
        stiffness_(index(padded_), squared_ ? 2.0F : first_stiffness) {
    std::iota(every_column_.begin(), every_column_.end(), 0);
    if (!squared_) centre_ = point.alpha;
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
  /// Writes v and alpha back.
  void store();

  Certificate certificate;
  std::int64_t products = 0;

 private:
  Floats evaluate_rows();
  struct Direction {
    Floats d;   ///< [dim + 1, width]
    Floats xd;  ///< [rows, width]
  };
  [[nodiscard]] std::vector<std::int64_t> open_columns() const;
  [[nodiscard]] LossRow loss_row(std::int64_t row, const Floats& f, const Floats& centre, std::size_t width) const;
  [[nodiscard]] Floats columns_of(const Floats& all, const std::vector<std::int64_t>& columns) const;
  [[nodiscard]] Floats curvatures(const std::vector<std::int64_t>& columns) const;
  Direction conjugate_gradients(const std::vector<std::int64_t>& columns);
  /// What the search along a direction looks at: [rows, width].
  struct Line {
    LossColumns columns;
    Floats f, centre;
    const Floats& xd;
  };
  [[nodiscard]] LossSlopes loss_slopes(const Line& line, const Doubles& t) const;
  [[nodiscard]] Doubles line_search(const std::vector<std::int64_t>& columns, const Direction& direction) const;

  Point& p_;
  const std::function<const Spectrum&()>& spectrum_;
  const NewtonLimits& limits_;
  std::int64_t padded_;
  std::vector<std::int64_t> every_column_;
  Floats v_;  ///< [dim + 1, padded]: w, then its bias row
  bool squared_;
  Floats stiffness_;       ///< [padded] of the smoothed loss, in units of C_i
  Floats centre_;          ///< [rows, padded] dual variables that the smoothing pulls to; empty: 0
  Floats f_;               ///< [rows, padded] margins at v
  Doubles smoothing_gap_;  ///< [padded] part of the gap that the gradient does not tell: 0 for the squared hinge
  Floats gradient_;        ///< [dim + 1, padded]
  int stale_steps_ = 0;    ///< since margins were computed
};

void Newton::evaluate_anew() {
  f_ = Products(p_, index(padded_)).margins(v_);
  stale_steps_ = 0;
  ++products;
  evaluate();
}

void Newton::evaluate() {
  const Floats signed_alpha = evaluate_rows();
  p_.comm.sum(std::span<double>(certificate.primal));
  p_.comm.sum(std::span<double>(smoothing_gap_));
  const RowEntries duals(p_, signed_alpha, index(padded_));
  gradient_ = duals.few() ? duals.back() : Products(p_, index(padded_)).back(signed_alpha);
  for (std::size_t i = 0; i < v_.size(); ++i) gradient_[i] = v_[i] - gradient_[i];
  certificate.gap = smoothing_gap_;
  const Doubles norms = dots(v_, v_, index(padded_)), squares = dots(gradient_, gradient_, index(padded_));
  for (std::size_t j = 0; j < norms.size(); ++j) {
    certificate.primal[j] += 0.5 * norms[j];
    certificate.gap[j] += 0.5 * squares[j];
  }
}

void Newton::evaluate_step(double tolerance) {
  if (stale_steps_ >= most_stale_steps) return evaluate_anew();
  evaluate();
  if (certificate.relative_gap() <= tolerance) evaluate_anew();
}

LossRow Newton::loss_row(std::int64_t row, const Floats& f, const Floats& centre, std::size_t width) const {
  const std::size_t at = index(row) * width;
  return {.label = p_.problem.labels[index(row)],
          .fold = p_.fold(row),
          .weight = p_.weight(row),
          .f = f.data() + at,
          .centre = squared_ ? nullptr : centre.data() + at};
}

/// Sets alpha of this rank's rows, and their share of loss and smoothing gap. Returns y alpha. Not collective.
Floats Newton::evaluate_rows() {
  certificate.primal.assign(index(padded_), 0.0);
  smoothing_gap_.assign(index(padded_), 0.0);
  Floats signed_alpha(f_.size());
  const LossColumns columns(p_.table, every_column_, stiffness_);
  for (std::int64_t i = 0; i < p_.problem.rows; ++i)
    add_loss(columns, loss_row(i, f_, centre_, index(padded_)), p_.alpha.data() + i * padded_,
             signed_alpha.data() + i * padded_, certificate.primal.data(), smoothing_gap_.data());
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
    for (const std::int64_t j : due) centre_[index(i * padded_ + j)] = p_.alpha[index(i * padded_ + j)];
  evaluate();
}

std::vector<std::int64_t> Newton::open_columns() const {
  std::vector<std::int64_t> columns;
  for (std::int64_t j = 0; j < padded_; ++j)
    if (certificate.gap[index(j)] > 0.5 * limits_.tolerance * certificate.primal[index(j)]) columns.push_back(j);
  return columns;
}

/// Second derivatives of the smoothed loss: [rows, width].
Floats Newton::curvatures(const std::vector<std::int64_t>& columns) const {
  Floats out(index(p_.problem.rows) * columns.size());
  for (std::int64_t i = 0; i < p_.problem.rows; ++i)
    for (std::size_t c = 0; c < columns.size(); ++c) {
      const float a = p_.alpha[index(i * padded_ + columns[c])];
      const float cost = p_.cost(columns[c], i);
      const bool inside = a > 0.0F && (squared_ || a < cost);
      out[index(i) * columns.size() + c] = inside ? stiffness_[index(columns[c])] * cost : 0.0F;
    }
  return out;
}

Newton::Direction Newton::conjugate_gradients(const std::vector<std::int64_t>& columns) {
  Floats right = gather(gradient_, padded_, columns);
  for (float& value : right) value = -value;
  ConjugateGradients solver(p_, spectrum_(), curvatures(columns), std::move(right), forcing);
  for (std::int64_t k = 0; k < most_cg_products && products + 1 < limits_.max_products && !solver.done(); ++k) {
    solver.pass();
    ++products;
    if (limits_.expired()) break;
  }
  return {solver.direction(), Products(p_, columns.size()).margins(solver.direction())};
}

/// Some columns of [rows, padded].
Floats Newton::columns_of(const Floats& all, const std::vector<std::int64_t>& columns) const {
  return std::ssize(columns) == padded_ ? all : gather(all, padded_, columns);
}

/// Derivatives of P along the direction at step lengths t, but for the terms of 1/2 |v|^2. Collective.
LossSlopes Newton::loss_slopes(const Line& line, const Doubles& t) const {
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
Doubles Newton::line_search(const std::vector<std::int64_t>& columns, const Direction& direction) const {
  const Doubles vd = dots(gather(v_, padded_, columns), direction.d, columns.size());
  const Doubles dd = dots(direction.d, direction.d, columns.size());
  const Line line{LossColumns(p_.table, columns, stiffness_), columns_of(f_, columns),
                  squared_ ? Floats() : columns_of(centre_, columns), direction.xd};
  return detail::line_search(vd, dd, [&](const Doubles& t) { return loss_slopes(line, t); });
}

void Newton::step() {
  const auto columns = open_columns();
  const Direction direction = conjugate_gradients(columns);
  const Doubles t = line_search(columns, direction);
  scatter_add(v_, padded_, columns, direction.d, t);
  scatter_add(f_, padded_, columns, direction.xd, t);
  ++stale_steps_;
}

void Newton::store() {
  const auto split = v_.begin() + p_.problem.dim * padded_;
  p_.w.assign(v_.begin(), split);
  p_.bias_w.assign(split, v_.end());
}

}  // namespace

NewtonResult newton(Point& point, const std::function<const Spectrum&()>& spectrum, const NewtonLimits& limits,
                    const std::function<void(const NewtonProgress&)>& progress) {
  Newton solver(point, spectrum, limits);
  solver.evaluate_anew();
  double best = solver.certificate.relative_gap();
  // A step is three passes at least: centres, conjugate gradients, certificate.
  for (int since_best = 0; solver.certificate.relative_gap() > limits.tolerance && since_best < stall_steps &&
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
  solver.store();
  return {solver.certificate, solver.products};
}

}  // namespace pool3::detail
