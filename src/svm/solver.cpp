#include <algorithm>
#include <chrono>
#include <cmath>
#include <numeric>
#include <sstream>
#include <utility>

#include "pool3/svm.hpp"
#include "pool3/threads.hpp"
#include "pool3/types.hpp"
#include "svm/methods.hpp"
#include "svm/state_bytes.hpp"

namespace pool3 {
namespace {

void check_options(const SolverOptions& o) {
  if (!(o.tolerance > 0)) throw usage_error("--tolerance must be above 0");
  if (!(o.max_seconds >= 0)) throw usage_error("--max-seconds must be at least 0");
  if (!(o.bias >= 0) || !std::isfinite(o.bias)) throw usage_error("--bias must be 0 or a positive number");
}

svm::Stages stages_of(SolverMethod method) {
  svm::Stages stages;
  stages.hand_over = stages.sample = method != SolverMethod::descent;
  stages.descent = method != SolverMethod::newton;
  return stages;
}

svm::Objective make_objective(const Communicator& comm, const Problem& problem, const std::vector<Column>& columns,
                              const SolverOptions& o) {
  check_options(o);
  share_products(o.threads);
  return {comm, problem, o.bias, svm::make_table(columns, o.loss)};
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
  svm::Stages stages;
  svm::Methods methods;
  double last_C = 0;
  bool descent_is_slow = false;                 ///< at a smaller C already
  std::chrono::steady_clock::time_point start;  ///< of this solve

  Impl(const Communicator& comm, const Problem& problem, const std::vector<Column>& columns, const SolverOptions& o,
       const svm::Stages& s)
      : m(static_cast<std::int64_t>(columns.size())),
        options(o),
        stages(s),
        methods(make_objective(comm, problem, columns, options), options.seed, stages) {}

  void begin(double C);
  [[nodiscard]] double seconds() const;
  [[nodiscard]] bool expired() const;
  [[nodiscard]] svm::Shape shape() const;
  [[nodiscard]] svm::StoppingRules rules(svm::Course& course) const;
  void take(Fit& fit, const svm::Certificate& certificate, svm::Course& course) const;
  void take(Fit& fit, const svm::Matrix<double>& weights) const;
};

void Solver::Impl::begin(double C) {
  start = std::chrono::steady_clock::now();
  svm::ColumnTable& table = methods.columns();
  table.negative_cost = static_cast<float>(C);
  for (std::int64_t j = 0; j < m; ++j) {
    const auto k = index(table.positive_class[index(j)]);
    const double factor = options.positive_weights.empty() ? 1.0 : options.positive_weights.at(k);
    table.positive_cost[index(j)] = static_cast<float>(C * factor);
  }
  if (C < last_C) {  // the last answer may be outside the smaller box
    methods.iterate().v.setZero();
    methods.iterate().alpha.setZero();
    descent_is_slow = false;
  }
  last_C = C;
}

double Solver::Impl::seconds() const {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

/// The same on every rank. Collective.
bool Solver::Impl::expired() const {
  return options.max_seconds > 0 && methods.objective().comm.max(seconds()) >= options.max_seconds;
}

svm::Shape Solver::Impl::shape() const {
  return {options.loss, options.tolerance, methods.few_rows(), methods.many_rows()};
}

svm::StoppingRules Solver::Impl::rules(svm::Course& course) const {
  return {.tolerance = options.tolerance, .max_passes = course.passes_left, .expired = [this, &course] {
            return course.out_of_time = expired();
          }};
}

void Solver::Impl::take(Fit& fit, const svm::Certificate& certificate, svm::Course& course) const {
  fit.primal.assign(certificate.primal.begin(), certificate.primal.begin() + m);
  fit.gap.assign(certificate.gap.begin(), certificate.gap.begin() + m);
  fit.converged = fit.relative_gap() <= options.tolerance;
  course.certified = true;
  course.relative_gap = fit.relative_gap();
}

void Solver::Impl::take(Fit& fit, const svm::Matrix<double>& weights) const {
  fit.w.resize(index(fit.dim * m));
  Eigen::Map<svm::Matrix<double>>(fit.w.data(), fit.dim, m) = weights.topLeftCorner(fit.dim, m);
  for (std::int64_t j = 0; j < m; ++j) fit.intercept.push_back(options.bias * weights(fit.dim, j));
}

Solver::Solver(const Communicator& comm, const Problem& problem, const std::vector<Column>& columns,
               const SolverOptions& options)
    : Solver(comm, problem, columns, options, stages_of(options.method)) {}
Solver::Solver(const Communicator& comm, const Problem& problem, const std::vector<Column>& columns,
               const SolverOptions& options, const svm::Stages& stages)
    : impl_(std::make_unique<Impl>(comm, problem, columns, options, stages)) {}
Solver::~Solver() = default;

Fit Solver::solve(double C, const std::function<void(const SolverProgress&)>& progress) {
  if (!(C > 0) || !std::isfinite(C)) throw usage_error("--C must be above 0");
  Impl& s = *impl_;
  const Communicator& comm = s.methods.objective().comm;
  const std::int64_t bytes_before = comm.bytes_sent();
  s.begin(C);
  Fit fit{.columns = s.m, .dim = s.methods.objective().dim()};
  svm::Course course{.descent_is_slow = s.descent_is_slow,
                     .gram_pays = [&] { return s.methods.gram_pays(); },
                     .passes_left = s.options.max_epochs};
  const auto tell = [&](const svm::Standing& now) {
    if (progress) progress({fit.epochs + now.passes, now.relative_gap, s.options.tolerance});
  };
  const auto next = [&] { return choose_method(s.shape(), course, s.stages); };
  for (svm::Method method = next(); method != svm::Method::none; method = next()) {
    const svm::Outcome outcome = s.methods.run(method, s.rules(course), tell);
    fit.epochs += outcome.passes;
    course.passes_left -= outcome.passes;
    course.last = method;
    if (outcome.certificate) s.take(fit, *outcome.certificate, course);
  }
  s.descent_is_slow = course.last != svm::Method::descent;
  s.take(fit, s.methods.take_weights());
  fit.out_of_time = course.out_of_time && !fit.converged;
  fit.seconds = s.seconds();
  fit.bytes_sent = comm.bytes_sent() - bytes_before;
  return fit;
}

void Solver::share_with(const Solver& other) { impl_->methods.share_basis(other.impl_->methods); }

void Solver::start_from(const Solver& all) {
  Impl& s = *impl_;
  if (s.options.loss == Loss::l1 || !s.stages.hand_over) return;  // descent begins, and would need v = w(a)
  const svm::ColumnTable &mine = s.methods.columns(), &theirs = all.impl_->methods.columns();
  const svm::Iterate<float>& from = all.impl_->methods.iterate();
  svm::Iterate<float>& to = s.methods.iterate();
  for (std::int64_t j = 0; j < s.m; ++j) {
    const auto found = std::ranges::find(theirs.positive_class, mine.positive_class[index(j)]);
    const auto k = static_cast<Eigen::Index>(found - theirs.positive_class.begin());
    to.v.col(j) = from.v.col(k);
    for (std::int64_t i = 0; i < to.alpha.rows(); ++i)
      to.alpha(i, j) = mine.counts(j, s.methods.objective().fold(i)) ? from.alpha(i, k) : 0.0F;
  }
  s.descent_is_slow = true;  // Newton's method goes on from any point
}

std::string Solver::state() const {
  std::string bytes;
  const svm::Iterate<float>& iterate = impl_->methods.iterate();
  const std::span<const float> v = svm::numbers(iterate.v);
  const std::size_t w = v.size() - index(iterate.v.cols());  // the bias row is a part of its own
  svm::append(bytes, impl_->last_C);
  svm::append(bytes, std::int64_t{impl_->descent_is_slow});
  for (const auto part : {v.first(w), v.subspan(w), svm::numbers(iterate.alpha)}) svm::append(bytes, part);
  std::ostringstream random;
  random << impl_->methods.random();
  return bytes + random.str();
}

void Solver::restore(std::string_view state) {
  svm::StateBytes bytes(state);
  svm::Iterate<float>& iterate = impl_->methods.iterate();
  const std::span<float> v = svm::numbers(iterate.v);
  const std::size_t w = v.size() - index(iterate.v.cols());
  const auto last_C = bytes.take<double>();
  const bool slow = bytes.take<std::int64_t>() != 0;
  for (const auto part : {v.first(w), v.subspan(w), svm::numbers(iterate.alpha)}) bytes.take_counted(part);
  std::istringstream random{std::string(bytes.rest())};
  random >> impl_->methods.random();
  if (random.fail()) throw Error({.stage = "solve", .cause = "this state is of another problem"});
  impl_->last_C = last_C;
  impl_->descent_is_slow = slow;
}

}  // namespace pool3
