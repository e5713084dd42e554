#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "pool3/error.hpp"
#include "pool3/partition.hpp"
#include "pool3/training.hpp"
#include "pool3/types.hpp"

namespace pool3 {
namespace {

constexpr int most_threads = 1024;
constexpr double tolerance_of_probabilities = 1e-2;  // a sigmoid needs no more

std::vector<Column> columns_of_classes(std::int32_t classes) {
  std::vector<Column> columns;
  columns.reserve(static_cast<std::size_t>(classes));
  for (std::int32_t k = 0; k < classes; ++k) columns.push_back({.positive_class = k});
  return columns;
}

std::vector<Column> columns_of_folds(std::int32_t classes, int folds) {
  std::vector<Column> columns;
  for (std::int32_t fold = 0; fold < folds; ++fold)
    for (std::int32_t k = 0; k < classes; ++k) columns.push_back({.positive_class = k, .excluded_fold = fold});
  return columns;
}

/// scikit-learn's rule: rows / (classes * rows of the class).
std::vector<double> balanced_weights(const std::vector<std::int64_t>& class_rows) {
  const auto rows = static_cast<double>(std::accumulate(class_rows.begin(), class_rows.end(), std::int64_t{0}));
  const auto present = static_cast<double>(std::ranges::count_if(class_rows, [](auto n) { return n > 0; }));
  std::vector<double> weights;
  weights.reserve(class_rows.size());
  for (const std::int64_t n : class_rows) weights.push_back(n > 0 ? rows / (present * static_cast<double>(n)) : 1.0);
  return weights;
}

/// Those of `scores` [rows, columns] whose rows were held out by a fold.
HeldOutRows rows_of_folds(const std::vector<float>& scores, std::span<const std::int64_t> origin,
                          std::span<const std::int32_t> labels, std::span<const std::int32_t> folds, int count) {
  HeldOutRows rows;
  const auto columns = labels.empty() ? 0 : std::ssize(scores) / std::ssize(labels);
  for (std::ptrdiff_t i = 0; i < std::ssize(labels); ++i) {
    const auto at = static_cast<std::size_t>(i);
    if (folds[at] >= count) continue;
    rows.values.insert(rows.values.end(), scores.begin() + i * columns, scores.begin() + (i + 1) * columns);
    rows.rows.push_back(origin[at]);
    rows.labels.push_back(labels[at]);
    rows.folds.push_back(folds[at]);
  }
  return rows;
}

/// Columns over the kernel matrix of the set's shared rows.
ClassFit fit_shared(const Communicator& comm, const TrainingSet& set, const TrainingOptions& options,
                    const ShowProgress& progress) {
  const Traffic before = traffic();
  const std::int64_t bytes_before = comm.bytes_sent();
  KernelOptions how = kernel_options(options.kernel, solver_options(options, set.class_rows));
  if (how.kernel == Kernel::rbf) comm.all_do([&] { how.gamma = options.kernel.gamma.of(*set.shared); });
  ClassFit solved{.kernel = std::make_shared<KernelSolver>(comm, *set.shared, how, options.probability_folds)};
  KernelFit fit = solved.kernel->solve(options.C, progress);
  if (how.kernel == Kernel::linear) solved.classifier = solved.kernel->linear_classifier(fit);
  solved.fit = {.columns = solved.kernel->columns(),
                .dim = set.shared->dim(),
                .primal = fit.primal,
                .gap = fit.gap,
                .epochs = fit.products,
                .seconds = fit.seconds,
                .bytes_sent = comm.bytes_sent() - bytes_before,
                .converged = fit.converged || fit.relative_gap() <= how.tolerance,
                .out_of_time = fit.out_of_time};
  solved.spent = traffic().since(before);
  return solved;
}

SolverOptions options_for_rows(const TrainingSet& set, const TrainingOptions& options) {
  SolverOptions how = solver_options(options, set.class_rows);
  if (set.solver.method != SolverMethod::automatic) how.method = set.solver.method;
  return how;
}

/// Every rank takes a share of the rows, in the order that they are shared in.
HeldOutRows held_out_of_shared(const Communicator& comm, const TrainingSet& set, int folds, KernelSolver& solver,
                               const ShowProgress& progress) {
  const double tolerance = solver.options().tolerance;
  solver.set_tolerance(std::max(tolerance, tolerance_of_probabilities));
  (void)solver.solve_folds(progress);
  solver.set_tolerance(tolerance);
  const RowRange mine = even_share(set.shared->rows(), comm.size(), comm.rank());
  const auto begin = static_cast<std::size_t>(mine.begin), count = static_cast<std::size_t>(mine.size());
  return rows_of_folds(solver.held_out_values(mine), set.shared->origin().subspan(begin, count),
                       set.shared->labels().subspan(begin, count), set.shared->folds().subspan(begin, count), folds);
}

/// Scores of this rank's training rows by the fit of all rows, with their labels.
struct FittedRows {
  std::vector<float> values;
  std::vector<std::int32_t> labels;
};
FittedRows fitted_rows(const Communicator& comm, const TrainingSet& set, const ClassFit& solved, int threads) {
  if (!solved.kernel) return {decision_values(set.problem, solved.fit, threads), set.problem.labels};
  const RowRange mine = even_share(set.shared->rows(), comm.size(), comm.rank());
  const auto labels = set.shared->labels().subspan(index(mine.begin), index(mine.size()));
  return {solved.kernel->fitted_values(mine), {labels.begin(), labels.end()}};
}

/// With a small C scores grow with the number of rows, so that those of the model lie elsewhere than those of the
/// folds. Sigmoids that are fitted to these then say worse things of rows that the model has seen than of those that
/// folds had not; a temperature, which looks at differences, does not. Collective.
Calibration carried_over(const Communicator& comm, const TrainingSet& set, const TrainingOptions& options,
                         const ClassFit& solved, const HeldOutRows& rows, Calibration found) {
  constexpr double worse = 1.1;
  if (found.sigmoids.a.empty() || options.kernel.multiclass == Multiclass::one_vs_one) return found;
  const auto classes = static_cast<std::int32_t>(found.sigmoids.a.size());
  const FittedRows fitted = fitted_rows(comm, set, solved, options.solver.threads);
  const double of_fitted = log_loss(comm, fitted.values, fitted.labels, classes, found);
  if (of_fitted <= worse * log_loss(comm, rows.values, rows.labels, classes, found)) return found;
  found = {{}, fit_temperature(comm, rows.values, rows.labels, classes), {}};
  found.coverage = fit_coverage(comm, rows.values, rows.labels, classes, found);
  return found;
}

/// Puts the rows over landmarks in place of their features. Collective.
void map_to_landmarks(const Communicator& comm, TrainingSet& set, const TrainingOptions& options) {
  set.landmarks = choose_landmarks(comm, set.problem, set.solver.landmarks, options.split.seed);
  const double gamma = gamma_of(comm, options.kernel.gamma, set.problem, set.landmarks);
  set.map = std::make_shared<LandmarkMap>(comm, set.landmarks, gamma, options.solver.threads);
  comm.all_do([&] { set.problem = (*set.map)(set.problem); });
}

}  // namespace

void check(const TrainingOptions& o) {
  if (!(o.split.test_fraction >= 0 && o.split.test_fraction < 1))
    throw usage_error("--test-fraction must be at least 0 and below 1");
  if (!(o.solver.tolerance > 0)) throw usage_error("--tolerance must be above 0");
  if (!(o.solver.bias >= 0) || !std::isfinite(o.solver.bias))
    throw usage_error("--bias must be 0 or a positive number");
  if (o.solver.max_epochs < 1) throw usage_error("--max-epochs must be above 0");
  if (!(o.solver.max_seconds >= 0)) throw usage_error("--max-seconds must be at least 0");
  if (o.solver.threads < 1 || o.solver.threads > most_threads)
    throw usage_error(fmt::format("--solver-threads must be between 1 and {}", most_threads));
  check_C(o.C);
  if (o.kernel.multiclass == Multiclass::one_vs_one && o.kernel.kernel == Kernel::linear)
    throw usage_error("--multiclass ovo needs --kernel rbf");
  if (o.probability_folds < 0 || o.probability_folds == 1)
    throw usage_error("--probability-folds must be 0, or 2 or more");
  if (o.probability_folds > most_folds)
    throw usage_error(fmt::format("--probability-folds must be at most {}", most_folds));
}

void check_C(double C) {
  constexpr double largest = 1e12, least = 1e-30;
  if (!(C > 0) || !std::isfinite(C)) throw usage_error("--C must be above 0");
  if (C > largest) throw usage_error("--C must be at most 1e12: beyond, floating-point numbers have no answer");
  if (C < least) throw usage_error("--C must be at least 1e-30: below, it is nothing in floating-point numbers");
}

SolverOptions solver_options(const TrainingOptions& options, const std::vector<std::int64_t>& class_rows) {
  SolverOptions solver = options.solver;
  solver.seed = options.split.seed;
  if (options.balanced) solver.positive_weights = balanced_weights(class_rows);
  return solver;
}

std::int64_t TrainingSet::rows() const {
  return std::accumulate(class_rows.begin(), class_rows.end(), std::int64_t{0});
}

KernelOptions kernel_options(const KernelChoice& choice, const SolverOptions& solver) {
  return {.kernel = choice.kernel,
          .multiclass = choice.multiclass,
          .loss = solver.loss,
          .bias = solver.bias,
          .tolerance = solver.tolerance,
          .positive_weights = solver.positive_weights,
          .max_seconds = solver.max_seconds};
}

TrainingSet load_training_set(const Communicator& comm, const FeatureReader& reader, const TrainingOptions& options) {
  TrainingSet set;
  set.problem = load_training_rows(comm, reader, options.split, options.probability_folds, options.row_weights);
  set.class_rows = class_counts(comm, set.problem);
  check_training_classes(comm, reader, options.split, set.class_rows);
  check_problem(comm, set.problem);
  double spread = 1;
  if (!options.centering) comm.all_do([&] { spread = spread_of(reader); });
  const ProblemSize size{.rows = set.rows(),
                         .dim = set.problem.dim,
                         .classes = set.problem.classes,
                         .folds = options.probability_folds,
                         .rough_folds = true,
                         .C = {options.C * spread},
                         .class_rows = set.class_rows,
                         .landmarks = options.kernel.landmarks};
  const KernelOptions how = kernel_options(options.kernel, options.solver);
  set.solver = choose_solver(comm, size, how, options.solver.method, options.kernel.max_memory_bytes);
  if (set.solver.gram) {
    set.shared = std::make_shared<SharedRows>(comm, set.problem, options.centering, options.solver.threads);
    set.standardisation = set.shared->standardisation();
    set.problem = {.dim = size.dim, .classes = set.problem.classes};
    return set;
  }
  if (options.centering) set.standardisation = standardise(comm, set.problem);
  if (set.solver.landmarks > 0) map_to_landmarks(comm, set, options);
  shuffle_rows(set.problem, options.split.seed);
  return set;
}

ClassFit fit_classes(const Communicator& comm, const TrainingSet& set, const TrainingOptions& options,
                     const ShowProgress& progress) {
  if (set.shared) return fit_shared(comm, set, options, progress);
  const Traffic before = traffic();
  const auto columns = columns_of_classes(set.problem.classes);
  auto solver = std::make_shared<Solver>(comm, set.problem, columns, options_for_rows(set, options));
  ClassFit solved{.fit = solver->solve(options.C, progress), .landmarks = set.landmarks.count()};
  if (options.probability_folds > 0) solved.by_rows = std::move(solver);
  if (!set.map) solved.classifier = unfold(solved.fit, set.standardisation, set.problem.classes);
  solved.spent = traffic().since(before);
  return solved;
}

HeldOutRows held_out_rows(const Communicator& comm, const TrainingSet& set, const TrainingOptions& options,
                          const ClassFit& solved, const ShowProgress& progress) {
  const int folds = options.probability_folds;
  if (solved.kernel) return held_out_of_shared(comm, set, folds, *solved.kernel, progress);
  SolverOptions how = options_for_rows(set, options);
  how.tolerance = std::max(how.tolerance, tolerance_of_probabilities);
  const auto columns = columns_of_folds(set.problem.classes, folds);
  Solver solver(comm, set.problem, columns, how);
  if (solved.by_rows) {
    solver.share_with(*solved.by_rows);
    solver.start_from(*solved.by_rows);
  }
  const Fit fit = solver.solve(options.C, progress);
  return rows_of_folds(held_out_scores(set.problem, fit, columns, how.threads), set.problem.origin, set.problem.labels,
                       set.problem.folds, folds);
}

Calibration calibrate(const Communicator& comm, const HeldOutRows& rows, const KernelChoice& kernel,
                      std::int32_t classes) {
  if (kernel.multiclass == Multiclass::one_vs_one) {
    Calibration pairs{.sigmoids = fit_pair_sigmoids(comm, rows.values, rows.labels, classes), .coverage = {}};
    pairs.coverage = fit_pair_coverage(comm, rows.values, rows.labels, classes, pairs.sigmoids);
    return pairs;
  }
  Calibration found = calibrate(comm, rows.values, rows.labels, rows.folds, classes);
  found.coverage = fit_coverage(comm, rows.values, rows.labels, classes, found);  // what sets need
  return found;
}

Calibration fit_probabilities(const Communicator& comm, const TrainingSet& set, const TrainingOptions& options,
                              const ClassFit& solved, const ShowProgress& progress) {
  if (options.probability_folds == 0) return {};
  const std::int32_t classes = set.shared ? set.shared->classes() : set.problem.classes;
  const HeldOutRows rows = held_out_rows(comm, set, options, solved, progress);
  return carried_over(comm, set, options, solved, rows, calibrate(comm, rows, options.kernel, classes));
}

}  // namespace pool3
