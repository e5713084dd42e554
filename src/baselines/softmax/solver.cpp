#include <algorithm>
#include <chrono>
#include <cmath>
#include <limits>

#include "baselines/softmax/leading_directions.hpp"
#include "baselines/softmax/point.hpp"
#include "pool3/baselines/softmax.hpp"
#include "pool3/error.hpp"
#include "pool3/partition.hpp"
#include "pool3/types.hpp"

namespace pool3 {
namespace {

using baselines::CrossEntropy;
using baselines::Leading;
using baselines::Matrix;
using baselines::PerColumn;
using baselines::Point;
using baselines::Space;
using baselines::View;

constexpr float closed_class = -1e30F;
constexpr float least_curvature = 1e-9F;
/// Passes of conjugate gradients in all features after which the leading directions are solved again.
constexpr int full_passes = 2;
constexpr int lean_steps = 5, first_lean_steps = 30;
/// Of the objective: where the first solve in leading directions ends.
constexpr double first_descent = 3e-3;
/// Rows of a product in double.
constexpr std::int64_t scored_rows = 512;

double seconds_now() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

/// The diagonal of the Hessian over the leading directions, and its like for the others.
class Diagonal {
 public:
  Diagonal(const Communicator& comm, const Leading& lead) : comm_(comm), lead_(lead) {}
  /// Collective.
  void prepare(const Matrix& p, const CrossEntropy& loss) {
    Matrix spread = p.array() * (1 - p.array());
    spread.array().colwise() *= loss.cost;
    Matrix sums(lead_.rows.cols() + 1, p.cols());
    sums.topRows(lead_.rows.cols()).noalias() = lead_.rows.cwiseAbs2().transpose() * spread;
    sums.row(lead_.rows.cols()) = spread.colwise().sum();
    comm_.sum(baselines::numbers(sums));
    const float rows = lead_.total_rows;
    inverse_ = sums.topRows(lead_.rows.cols()).array().unaryExpr([](float h) { return 1 / (1 + h); });
    intercepts_ = sums.row(lead_.rows.cols()).array().max(least_curvature).inverse();
    others_ = (1 + sums.row(lead_.rows.cols()).array() * (lead_.rest / rows)).inverse();
  }
  [[nodiscard]] Matrix lean(const Matrix& gradient) const {
    Matrix out(gradient.rows(), gradient.cols());
    out.topRows(inverse_.rows()) = gradient.topRows(inverse_.rows()).array() * inverse_.array();
    out.bottomRows(1) = gradient.bottomRows(1).array() * intercepts_;
    return out;
  }
  [[nodiscard]] Matrix full(const Matrix& gradient) const {
    const Eigen::Index dim = gradient.rows() - 1;
    Matrix inside = lead_.vectors.transpose() * gradient.topRows(dim);
    inside.array() *= inverse_.array().rowwise() - others_;
    Matrix out(gradient.rows(), gradient.cols());
    out.topRows(dim) = gradient.topRows(dim).array().rowwise() * others_;
    out.topRows(dim).noalias() += lead_.vectors * inside;
    out.bottomRows(1) = gradient.bottomRows(1).array() * intercepts_;
    return out;
  }

 private:
  const Communicator& comm_;
  const Leading& lead_;
  Matrix inverse_;
  PerColumn intercepts_, others_;
};

}  // namespace

struct SoftmaxSolver::Impl {
  Impl(const Communicator& c, const Problem& p, SoftmaxOptions o)
      : comm(c),
        problem(p),
        options(o),
        x(p.x.data(), p.rows, p.dim),
        lead(baselines::leading_directions(c, x)),
        diagonal(c, lead),
        lean{View(lead.rows.data(), lead.rows.rows(), lead.rows.cols()),
             [this](const Matrix& q, const CrossEntropy& l) { diagonal.prepare(q, l); },
             [this](const Matrix& g) { return diagonal.lean(g); }},
        full{x, lean.prepare, [this](const Matrix& g) { return diagonal.full(g); }},
        start(Matrix::Zero(p.dim + 1, p.classes)) {}

  [[nodiscard]] CrossEntropy loss(double C, std::int32_t excluded_fold) const;
  void solve_lean(const CrossEntropy& loss, double enough, bool first, Point& at, SoftmaxFit& fit);
  [[nodiscard]] Point solve(const CrossEntropy& loss, SoftmaxFit& fit);

  const Communicator& comm;
  const Problem& problem;
  SoftmaxOptions options;
  View x;
  Leading lead;
  Diagonal diagonal;
  Space lean, full;
  Matrix start;  ///< [dim + 1, classes]
  bool cold = true;
};

/// Collective.
CrossEntropy SoftmaxSolver::Impl::loss(double C, std::int32_t excluded_fold) const {
  CrossEntropy l{comm, problem.labels, Eigen::ArrayXf::Constant(problem.rows, static_cast<float>(C)),
                 PerColumn::Zero(problem.classes)};
  std::vector<std::int64_t> counts(index(problem.classes), 0);
  for (std::int64_t i = 0; i < problem.rows; ++i) {
    if (excluded_fold >= 0 && problem.folds[index(i)] == excluded_fold) l.cost[i] = 0;
    if (!problem.weights.empty()) l.cost[i] *= problem.weights[index(i)];
    if (l.cost[i] > 0) ++counts[index(problem.labels[index(i)])];
  }
  comm.sum(std::span<std::int64_t>(counts));
  for (std::int32_t k = 0; k < problem.classes; ++k)
    if (counts[index(k)] == 0) l.closed[k] = closed_class;
  return l;
}

/// Newton's method over the leading directions alone, what lies outside of them as it is, until a step brings less than
/// `enough`. Collective.
void SoftmaxSolver::Impl::solve_lean(const CrossEntropy& loss, double enough, bool first, Point& at, SoftmaxFit& fit) {
  const Eigen::Index dim = problem.dim;
  Matrix inside(lead.vectors.cols() + 1, at.w.cols());
  inside.topRows(lead.vectors.cols()).noalias() = lead.vectors.transpose() * at.w.topRows(dim);
  inside.bottomRows(1) = at.w.bottomRows(1);
  Matrix outside = at.w;
  outside.topRows(dim).noalias() -= lead.vectors * inside.topRows(lead.vectors.cols());
  Point here{inside, std::move(at.f), std::move(at.p), at.objective};
  const double constant = baselines::dot(outside.topRows(dim), outside.topRows(dim)) / 2;
  for (int step = 0; step < (first ? first_lean_steps : lean_steps); ++step) {
    const double before = here.objective;
    const Matrix g = baselines::gradient(loss, lean.rows, here);
    const int most = first ? 5 + step / 2 : 40;
    fit.lean_passes += 1.5 + baselines::newton_step(loss, lean, g, {.most = most, .constant = constant}, here);
    const double descent = before - here.objective;
    if (descent < (first ? first_descent * here.objective : enough)) break;
  }
  at = {std::move(outside), std::move(here.f), std::move(here.p), here.objective};
  at.w.topRows(dim).noalias() += lead.vectors * here.w.topRows(lead.vectors.cols());
  at.w.bottomRows(1) = here.w.bottomRows(1);
}

/// In turn: the leading directions to their end, and a step in all features. Collective.
Point SoftmaxSolver::Impl::solve(const CrossEntropy& loss, SoftmaxFit& fit) {
  Point at{.w = start};
  double enough = 0;
  for (int round = 0; round < options.max_rounds; ++round) {
    at.f = baselines::margins(x, at.w);
    at.objective = baselines::probabilities(loss, at.f, at.p) +
                   baselines::dot(at.w.topRows(problem.dim), at.w.topRows(problem.dim)) / 2;
    fit.passes += 0.5;
    if (round == 0) enough = 1e-4 * at.objective;
    if (round > 0 || cold) solve_lean(loss, enough, round == 0, at, fit);
    const Matrix g = baselines::gradient(loss, x, at);
    fit.passes += 0.5;
    fit.objective = at.objective;
    fit.gap = baselines::dot(g, g) / 2;
    fit.converged = fit.relative_gap() <= options.tolerance;
    if (fit.converged) break;
    const double before = at.objective;
    fit.passes += 0.5 + baselines::newton_step(loss, full, g, {.most = full_passes}, at);
    enough = std::max(0.1 * (before - at.objective), 0.1 * options.tolerance * at.objective);
  }
  return at;
}

SoftmaxSolver::SoftmaxSolver(const Communicator& comm, const Problem& problem, SoftmaxOptions options)
    : impl_(std::make_unique<Impl>(comm, problem, options)) {}
SoftmaxSolver::~SoftmaxSolver() = default;
void SoftmaxSolver::set_tolerance(double tolerance) { impl_->options.tolerance = tolerance; }

SoftmaxFit SoftmaxSolver::solve(double C, std::int32_t excluded_fold) {
  if (!(C > 0) || !std::isfinite(C)) throw usage_error("--C must be above 0");
  const double begin = seconds_now();
  const CrossEntropy loss = impl_->loss(C, excluded_fold);
  SoftmaxFit fit;
  Point at = impl_->solve(loss, fit);
  const Eigen::Index dim = impl_->problem.dim;
  const Eigen::MatrixXd w = at.w.topRows(dim).cast<double>();
  for (Eigen::Index j = 0; j < dim; ++j)
    for (Eigen::Index k = 0; k < at.w.cols(); ++k) fit.w.push_back(w(j, k));
  for (Eigen::Index k = 0; k < at.w.cols(); ++k)
    fit.intercept.push_back(loss.closed[k] < 0 ? -std::numeric_limits<double>::infinity()
                                               : static_cast<double>(at.w(dim, k)));
  if (excluded_fold < 0) {
    impl_->start = std::move(at.w);
    impl_->cold = false;
  }
  fit.seconds = impl_->comm.max(seconds_now() - begin);
  return fit;
}

std::vector<double> softmax_scores(const SoftmaxFit& fit, std::span<const float> x) {
  using Wide = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
  const auto classes = std::ssize(fit.intercept), dim = std::ssize(fit.w) / classes, rows = std::ssize(x) / dim;
  const Eigen::Map<const Wide> w(fit.w.data(), dim, classes);
  const Eigen::Map<const Eigen::RowVectorXd> intercept(fit.intercept.data(), classes);
  const View given(x.data(), rows, dim);
  std::vector<double> all(index(rows * classes));
  Eigen::Map<Wide> out(all.data(), rows, classes);
  for (std::int64_t b = 0; b < block_count(rows, scored_rows); ++b) {
    const RowRange some = block_range(rows, scored_rows, b);
    const Wide panel = given.middleRows(some.begin, some.size()).cast<double>();
    out.middleRows(some.begin, some.size()).noalias() = panel * w;
  }
  out.rowwise() += intercept;
  return all;
}

}  // namespace pool3
