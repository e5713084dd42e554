#include "svm/newton/newton.hpp"

#include <algorithm>
#include <numeric>
#include <utility>

#include "svm/algebra/products.hpp"
#include "svm/model/loss.hpp"
#include "svm/newton/conjugate_gradients.hpp"
#include "svm/newton/factorised_step.hpp"
#include "svm/newton/line_search.hpp"
#include "svm/newton/precision.hpp"
#include "svm/newton/smoothed_loss.hpp"

namespace pool3::svm {
namespace {

constexpr std::int64_t most_cg_passes = 60;
/// Passes that a step takes at least: centres, conjugate gradients, certificate.
constexpr std::int64_t least_step_passes = 3;
/// Steps after which margins are computed anew: until then, what a step changes is added to them.
constexpr int most_stale_steps = 8;
/// From this tolerance on, kept margins are good enough for a certificate.
constexpr double rough_tolerance = 1e-2;
/// A step ends when its gradient has fallen so far, and from a rough tolerance on; or when it would leave this share of
/// the gap that may be left.
constexpr double exact_forcing = 0.1, rough_forcing = 0.3, share_of_tolerance = 0.3;

template <typename Real>
class Newton {
 public:
  Newton(const Objective& objective, Iterate<Real>& iterate, const NewtonTools& tools, const StoppingRules& rules)
      : objective_(objective),
        v_(iterate.v),
        alpha_(iterate.alpha),
        tools_(tools),
        rules_(rules),
        every_column_(index(objective.width())),
        is_smooth_(objective.columns.loss == Loss::l2) {
    std::iota(every_column_.begin(), every_column_.end(), 0);
    stiffness_.setConstant(objective.width(), static_cast<Real>(is_smooth_ ? SquaredHinge::stiffness : pace.first));
    if (!is_smooth_) centre_ = alpha_;
  }

  /// Loss, alpha, gradient and gap at v. Collective.
  void evaluate();
  /// The same with margins that are computed anew. Collective.
  void evaluate_anew();
  /// The same after a step: anew if margins are old, or if the tolerance seems to be reached. Collective.
  void evaluate_step();
  /// Its margins say less than the certificate is to.
  [[nodiscard]] bool is_stale() const { return stale_steps_ > 0 && rules_.tolerance < rough_tolerance; }
  /// The hinge: moves the centre of the columns that are near the minimum of their smoothed loss. Collective.
  void move_centres();
  /// One Newton step of the columns whose gap is not small. Collective.
  void step();
  [[nodiscard]] Standing standing() const { return {passes_, certificate_.relative_gap(), certificate_.primal.sum()}; }
  [[nodiscard]] NewtonResult result() const { return {certificate_, passes_}; }

 private:
  static constexpr Pace pace = Precision<Real>::newton;
  struct Direction {
    Matrix<Real> d;   ///< [dim + 1, width]
    Matrix<Real> xd;  ///< [rows, width]
  };
  /// What the search along a direction looks at: [rows, width].
  struct Line {
    LossColumns<Real> columns;
    Matrix<Real> f, centre;
    const Matrix<Real>& xd;
  };
  Matrix<Real> evaluate_rows();
  [[nodiscard]] Places open_columns() const;
  [[nodiscard]] LossRow<Real> loss_row(std::int64_t row, const Matrix<Real>& f, const Matrix<Real>& centre) const;
  [[nodiscard]] Matrix<Real> columns_of(const Matrix<Real>& all, const Places& columns) const;
  [[nodiscard]] Matrix<Real> curvatures(const Places& columns) const;
  Direction direction(const Places& columns);
  [[nodiscard]] typename ConjugateGradients<Real>::Settings step_settings(const Places& columns) const;
  Matrix<Real> conjugate_gradients(const Places& columns, Matrix<Real> right);
  [[nodiscard]] LossSlopes loss_slopes(const Line& line, const Sums& t) const;
  [[nodiscard]] Sums step_lengths(const Places& columns, const Direction& to) const;

  const Objective& objective_;
  Matrix<Real>& v_;      ///< of the iterate
  Matrix<Real>& alpha_;  ///< of the iterate
  const NewtonTools& tools_;
  const StoppingRules& rules_;
  Places every_column_;
  bool is_smooth_;             ///< the loss itself
  PerColumn<Real> stiffness_;  ///< k of the smoothed loss
  Matrix<Real> centre_;        ///< [rows, width] c of it; empty for a loss that is smooth itself
  Matrix<Real> f_;             ///< [rows, width] margins at v
  Sums smoothing_gap_;         ///< [width] part of the gap that the gradient does not tell: 0 for a smooth loss
  Matrix<Real> gradient_;      ///< [dim + 1, width] v - w(a)
  int stale_steps_ = 0;        ///< since margins were computed
  Certificate certificate_;
  std::int64_t passes_ = 0;
};

template <typename Real>
void Newton<Real>::evaluate_anew() {
  f_ = margins(objective_, v_);
  stale_steps_ = 0;
  ++passes_;
  evaluate();
}

template <typename Real>
void Newton<Real>::evaluate() {
  certificate_ = zero_certificate(objective_);
  const Matrix<Real> signed_alpha = evaluate_rows();
  const SupportProducts<Real> duals(objective_, signed_alpha);
  gradient_ = duals.density() <= tools_.max_density ? duals.combine_rows() : combine_rows(objective_, signed_alpha);
  gradient_ = v_ - gradient_;
  complete(certificate_, objective_, v_, gradient_);
  smoothing_gap_ = certificate_.gap - 0.5 * column_dots(gradient_, gradient_);
}

template <typename Real>
void Newton<Real>::evaluate_step() {
  if (stale_steps_ >= most_stale_steps) return evaluate_anew();
  evaluate();
  if (is_stale() && certificate_.relative_gap() <= rules_.tolerance) evaluate_anew();
}

template <typename Real>
LossRow<Real> Newton<Real>::loss_row(std::int64_t row, const Matrix<Real>& f, const Matrix<Real>& centre) const {
  return {.label = objective_.label(row),
          .fold = objective_.fold(row),
          .weight = objective_.weight(row),
          .f = f.row(row).data(),
          .centre = is_smooth_ ? nullptr : centre.row(row).data()};
}

/// Sets alpha of this rank's rows, and their share of the certificate. Returns y alpha. Not collective.
template <typename Real>
Matrix<Real> Newton<Real>::evaluate_rows() {
  Matrix<Real> signed_alpha(f_.rows(), f_.cols());
  const LossColumns<Real> columns(objective_.columns, every_column_, stiffness_);
  for (std::int64_t i = 0; i < objective_.rows(); ++i)
    add_loss(columns, loss_row(i, f_, centre_), alpha_.row(i).data(), signed_alpha.row(i).data(), certificate_.primal,
             certificate_.gap);
  return signed_alpha;
}

template <typename Real>
void Newton<Real>::move_centres() {
  if (is_smooth_) return;
  Places due;
  for (std::int64_t j = 0; j < objective_.width(); ++j) {
    const double smoothing = smoothing_gap_[j];
    if (smoothing <= 0 || certificate_.gap[j] - smoothing > near_minimum * smoothing) continue;
    due.push_back(j);
    stiffness_[j] = static_cast<Real>(std::min(pace.growth * static_cast<double>(stiffness_[j]), pace.most));
  }
  if (due.empty()) return;
  for (std::int64_t i = 0; i < objective_.rows(); ++i) centre_.row(i)(due) = alpha_.row(i)(due);
  evaluate();
}

template <typename Real>
Places Newton<Real>::open_columns() const {
  Places columns;
  for (std::int64_t j = 0; j < objective_.width(); ++j)
    if (certificate_.gap[j] > 0.5 * rules_.tolerance * certificate_.primal[j]) columns.push_back(j);
  return columns;
}

/// Second derivatives of the smoothed loss: [rows, width].
template <typename Real>
Matrix<Real> Newton<Real>::curvatures(const Places& columns) const {
  Matrix<Real> out(objective_.rows(), std::ssize(columns));
  with_loss(objective_.columns.loss, [&](auto loss) {
    for (std::int64_t i = 0; i < out.rows(); ++i)
      for (std::int64_t c = 0; c < out.cols(); ++c) {
        const std::int64_t j = columns[index(c)];
        const Real cost = objective_.cost(j, i);
        out(i, c) = loss.is_curved(cost, alpha_(i, j)) ? stiffness_[j] * cost : Real{0};
      }
  });
  return out;
}

template <typename Real>
typename Newton<Real>::Direction Newton<Real>::direction(const Places& columns) {
  Matrix<Real> right = -gradient_(Eigen::all, columns), d;
  if constexpr (Precision<Real>::factorises) {
    if (has_few_features(objective_)) {
      d = factorised_step(objective_, curvatures(columns), right);
      ++passes_;
    }
  }
  if (d.size() == 0) d = conjugate_gradients(columns, std::move(right));
  Matrix<Real> xd = margins(objective_, d);
  return {std::move(d), std::move(xd)};
}

/// The smoothed hinge's centres wait for exact steps. Else the gap is half the square of the gradient.
template <typename Real>
typename ConjugateGradients<Real>::Settings Newton<Real>::step_settings(const Places& columns) const {
  if (!is_smooth_) return {.forcing = exact_forcing, .max_density = tools_.max_density};
  const Sums gap = share_of_tolerance * rules_.tolerance * certificate_.primal;
  return {.forcing = rules_.tolerance < rough_tolerance ? exact_forcing : rough_forcing,
          .enough = 2 * picked(gap, columns),
          .max_density = tools_.max_density};
}

template <typename Real>
Matrix<Real> Newton<Real>::conjugate_gradients(const Places& columns, Matrix<Real> right) {
  ConjugateGradients<Real> solver(objective_, tools_.eigenbasis(), curvatures(columns), std::move(right),
                                  step_settings(columns));
  for (std::int64_t k = 0; k < most_cg_passes && passes_ + 1 < rules_.max_passes && !solver.done(); ++k) {
    solver.pass();
    ++passes_;
    if (rules_.expired()) break;
  }
  return solver.direction();
}

template <typename Real>
Matrix<Real> Newton<Real>::columns_of(const Matrix<Real>& all, const Places& columns) const {
  if (columns.size() == every_column_.size()) return all;
  return all(Eigen::all, columns);
}

/// Derivatives of P along the direction at step lengths t, but for the terms of 1/2 |v|^2. Collective.
template <typename Real>
LossSlopes Newton<Real>::loss_slopes(const Line& line, const Sums& t) const {
  LossSlopes out{Sums::Zero(t.size()), Sums::Zero(t.size())};
  for (std::int64_t i = 0; i < objective_.rows(); ++i)
    add_slopes(line.columns, loss_row(i, line.f, line.centre), line.xd.row(i).data(), t, out);
  objective_.comm.sum(numbers(out.slope));
  objective_.comm.sum(numbers(out.curve));
  return out;
}

/// Collective.
template <typename Real>
Sums Newton<Real>::step_lengths(const Places& columns, const Direction& to) const {
  const Sums vd = column_dots<Real>(columns_of(v_, columns), to.d), dd = column_dots(to.d, to.d);
  const Line line{LossColumns<Real>(objective_.columns, columns, stiffness_), columns_of(f_, columns),
                  is_smooth_ ? Matrix<Real>() : columns_of(centre_, columns), to.xd};
  return line_search(vd, dd, [&](const Sums& t) { return loss_slopes(line, t); });
}

template <typename Real>
void Newton<Real>::step() {
  const Places columns = open_columns();
  const Direction to = direction(columns);
  const Sums t = step_lengths(columns, to);
  add_scaled(v_, columns, to.d, t);
  add_scaled(f_, columns, to.xd, t);
  ++stale_steps_;
}

}  // namespace

template <typename Real>
NewtonResult newton(const Objective& objective, Iterate<Real>& iterate, const NewtonTools& tools, StoppingRules rules,
                    const Progress& progress) {
  rules.stall_steps = Precision<Real>::newton.stall_steps;
  Newton<Real> solver(objective, iterate, tools, rules);
  solver.evaluate_anew();
  for (Stopping stopping(rules, least_step_passes); !stopping.ends(solver.standing());) {
    solver.move_centres();
    solver.step();
    solver.evaluate_step();
    progress(solver.standing());
  }
  if (solver.is_stale()) solver.evaluate_anew();
  return solver.result();
}

template NewtonResult newton(const Objective&, Iterate<float>&, const NewtonTools&, StoppingRules, const Progress&);
template NewtonResult newton(const Objective&, Iterate<double>&, const NewtonTools&, StoppingRules, const Progress&);

}  // namespace pool3::svm
