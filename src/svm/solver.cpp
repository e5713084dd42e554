#include <algorithm>
#include <chrono>
#include <cmath>
#include <limits>
#include <numeric>
#include <optional>
#include <sstream>
#include <utility>

#include "pool3/svm.hpp"
#include "svm/algebra/matrix.hpp"
#include "svm/descent/descent.hpp"
#include "svm/method.hpp"
#include "svm/model/columns.hpp"
#include "svm/state_bytes.hpp"

namespace pool3 {
namespace {

using svm::column_unit;
using svm::ColumnTable;
using svm::index;

/// Coordinate descent goes on only while it looks to be done within so many epochs; a Newton finish takes about as
/// many passes over the rows, whatever the condition of the problem.
constexpr double patience_epochs = 15;
/// And no longer than this: its rate falls as it goes on.
constexpr std::int64_t most_epochs = 40;
/// Epochs that the rate of descent is measured over: fewer where Newton with few rows can take over, since its steps
/// cost no more than theirs.
constexpr std::size_t rate_epochs = 3, rate_epochs_of_few_rows = 2;

ColumnTable make_table(const std::vector<Column>& columns, Loss loss) {
  const auto m = static_cast<std::int64_t>(columns.size());
  const std::size_t padded = index((m + column_unit - 1) / column_unit * column_unit);
  ColumnTable table;
  table.loss = loss;
  table.positive_class.assign(padded, svm::no_class);
  table.excluded_fold.assign(padded, -1);
  table.positive_cost.assign(padded, 1.0F);
  for (std::size_t j = 0; j < columns.size(); ++j) {
    table.positive_class[j] = columns[j].positive_class;
    table.excluded_fold[j] = columns[j].excluded_fold;
  }
  return table;
}

void check_options(const SolverOptions& o) {
  if (!(o.tolerance > 0)) throw usage_error("--tolerance must be above 0");
  if (!(o.max_seconds >= 0)) throw usage_error("--max-seconds must be at least 0");
  if (!(o.bias >= 0) || !std::isfinite(o.bias)) throw usage_error("--bias must be 0 or a positive number");
}

svm::Point make_point(const Communicator& comm, const Problem& problem, const std::vector<Column>& columns,
                      const SolverOptions& o) {
  check_options(o);
  svm::set_product_threads(o.threads);
  svm::Point p{.comm = comm, .problem = problem, .bias = o.bias, .table = make_table(columns, o.loss)};
  p.w.assign(index(problem.dim * p.padded()), 0.0F);
  p.bias_w.assign(index(p.padded()), 0.0F);
  p.alpha.assign(index(problem.rows * p.padded()), 0.0F);
  return p;
}

}  // namespace

double Fit::objective() const { return std::accumulate(primal.begin(), primal.end(), 0.0); }
double Fit::relative_gap() const {
  const double total = objective();
  const double gaps = std::accumulate(gap.begin(), gap.end(), 0.0);
  return total > 0 ? gaps / total : gaps;
}

struct Solver::Impl {
  std::int64_t m;
  SolverOptions options;
  svm::Point point;
  svm::Descent descent;
  svm::Finish finish;
  svm::Doubles precise_v;  ///< the answer's weights if they are not those of the point: [dim + 1, padded]
  double last_C = 0;
  std::chrono::steady_clock::time_point start;  ///< of this solve
  bool descent_is_slow = false;                 ///< at a smaller C already

  Impl(const Communicator& comm, const Problem& problem, const std::vector<Column>& columns, SolverOptions o)
      : m(static_cast<std::int64_t>(columns.size())),
        options(std::move(o)),
        point(make_point(comm, problem, columns, options)),
        descent(point, options.seed),
        finish(point) {}

  void set_C(double C);
  [[nodiscard]] double seconds() const;
  [[nodiscard]] bool expired() const;
  bool descend(Fit& fit, const std::function<void(const SolverProgress&)>& progress);
  void finish_by_newton(Fit& fit, const std::function<void(const SolverProgress&)>& progress);
  void take_certificate(Fit& fit, const svm::Certificate& certificate) const;
  void take_weights(Fit& fit) const;
};

void Solver::Impl::set_C(double C) {
  ColumnTable& table = point.table;
  table.negative_cost = static_cast<float>(C);
  for (std::int64_t j = 0; j < m; ++j) {
    const auto k = index(table.positive_class[index(j)]);
    const double factor = options.positive_weights.empty() ? 1.0 : options.positive_weights.at(k);
    table.positive_cost[index(j)] = static_cast<float>(C * factor);
  }
  if (C < last_C) {  // the last answer may be outside the smaller box
    std::fill(point.alpha.begin(), point.alpha.end(), 0.0F);
    std::fill(point.w.begin(), point.w.end(), 0.0F);
    std::fill(point.bias_w.begin(), point.bias_w.end(), 0.0F);
    descent_is_slow = false;
  }
  last_C = C;
}

double Solver::Impl::seconds() const {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

/// The same on every rank. Collective.
bool Solver::Impl::expired() const {
  return options.max_seconds > 0 && point.comm.max(seconds()) >= options.max_seconds;
}

/// Coordinate descent until the certificate holds. Returns false if a Newton finish looks cheaper, or double is needed.
bool Solver::Impl::descend(Fit& fit, const std::function<void(const SolverProgress&)>& progress) {
  double trigger = options.tolerance;  // estimate at which a certificate is worth its price
  std::vector<double> estimates;
  const std::size_t measured = finish.few_rows() ? rate_epochs_of_few_rows : rate_epochs;
  while (fit.epochs < options.max_epochs) {
    const svm::WalkSums sums = descent.epoch();
    ++fit.epochs;
    const auto norms = point.half_norms();
    const double primal = sums.loss + std::accumulate(norms.begin(), norms.end(), 0.0);
    estimates.push_back(sums.gap / std::max(primal, std::numeric_limits<double>::min()));
    if (progress) progress({.epoch = fit.epochs, .gap = estimates.back(), .tolerance = options.tolerance});
    fit.out_of_time = expired();
    const double in_float = svm::float_tolerance(options.loss);
    if (options.tolerance < in_float && estimates.back() <= in_float && !fit.out_of_time) return false;
    if (estimates.back() <= trigger || fit.epochs == options.max_epochs || fit.out_of_time) {
      take_certificate(fit, svm::certify(point));
      if (fit.converged || fit.out_of_time || fit.epochs == options.max_epochs) return true;
      trigger = 0.7 * estimates.back();
    }
    if (estimates.size() <= measured) continue;
    const double fall =
        std::log(estimates[estimates.size() - 1 - measured] / estimates.back()) / static_cast<double>(measured);
    const double left = std::log(estimates.back() / options.tolerance);
    if (left > std::max(fall, 0.0) * patience_epochs || fit.epochs >= most_epochs) return false;
  }
  return true;
}

void Solver::Impl::finish_by_newton(Fit& fit, const std::function<void(const SolverProgress&)>& progress) {
  const bool starts_from_sample = finish.many_rows() && !descent_is_slow;
  descent_is_slow = true;
  const std::int64_t before = fit.epochs;
  const svm::NewtonLimits limits{.tolerance = options.tolerance,
                                 .max_products = options.max_epochs - before,
                                 .expired = [&] { return fit.out_of_time = expired(); }};
  svm::FinishResult result = finish.solve(limits, starts_from_sample, [&](const svm::NewtonProgress& p) {
    if (progress) progress({.epoch = before + p.products, .gap = p.relative_gap, .tolerance = options.tolerance});
  });
  fit.epochs += result.products;
  precise_v = std::move(result.v);
  take_certificate(fit, result.certificate);
}

void Solver::Impl::take_certificate(Fit& fit, const svm::Certificate& certificate) const {
  fit.primal.assign(certificate.primal.begin(), certificate.primal.begin() + m);
  fit.gap.assign(certificate.gap.begin(), certificate.gap.begin() + m);
  fit.converged = fit.relative_gap() <= options.tolerance;
}

void Solver::Impl::take_weights(Fit& fit) const {
  const std::int64_t dim = point.problem.dim, padded = point.padded();
  fit.w.resize(index(dim * m));
  const auto take = [&](const auto& w, const auto* bias_w) {
    for (std::int64_t r = 0; r < dim; ++r) std::copy_n(w.begin() + r * padded, m, fit.w.begin() + r * m);
    for (std::int64_t j = 0; j < m; ++j) fit.intercept.push_back(point.bias * static_cast<double>(bias_w[j]));
  };
  if (precise_v.empty())
    take(point.w, point.bias_w.data());
  else
    take(precise_v, precise_v.data() + dim * padded);
}

Solver::Solver(const Communicator& comm, const Problem& problem, const std::vector<Column>& columns,
               SolverOptions options)
    : impl_(std::make_unique<Impl>(comm, problem, columns, std::move(options))) {}
Solver::~Solver() = default;

Fit Solver::solve(double C, const std::function<void(const SolverProgress&)>& progress) {
  if (!(C > 0) || !std::isfinite(C)) throw usage_error("--C must be above 0");
  Impl& s = *impl_;
  s.start = std::chrono::steady_clock::now();
  const std::int64_t bytes_before = s.point.comm.bytes_sent();
  s.set_C(C);
  s.precise_v.clear();
  Fit fit{.columns = s.m, .dim = s.point.problem.dim};
  if (s.descent_is_slow || s.finish.many_rows() || !s.descend(fit, progress)) s.finish_by_newton(fit, progress);
  s.take_weights(fit);
  fit.out_of_time = fit.out_of_time && !fit.converged;
  fit.seconds = s.seconds();
  fit.bytes_sent = s.point.comm.bytes_sent() - bytes_before;
  return fit;
}

std::string Solver::state() const {
  std::string bytes;
  const svm::Point& p = impl_->point;
  svm::append(bytes, impl_->last_C);
  svm::append(bytes, std::int64_t{impl_->descent_is_slow});
  for (const auto* part : {&p.w, &p.bias_w, &p.alpha}) svm::append(bytes, std::span(*part));
  std::ostringstream random;
  random << impl_->descent.random();
  return bytes + random.str();
}

void Solver::restore(std::string_view state) {
  svm::StateBytes bytes(state);
  svm::Point& p = impl_->point;
  const auto last_C = bytes.take<double>();
  const bool slow = bytes.take<std::int64_t>() != 0;
  for (auto* part : {&p.w, &p.bias_w, &p.alpha}) bytes.take_into(std::span(*part));
  std::istringstream random{std::string(bytes.rest())};
  random >> impl_->descent.random();
  if (random.fail()) throw Error({.stage = "solve", .cause = "this state is of another problem"});
  impl_->last_C = last_C;
  impl_->descent_is_slow = slow;
}

}  // namespace pool3
