#include <algorithm>
#include <cmath>
#include <numeric>

#include "pool3/error.hpp"
#include "pool3/training.hpp"

namespace pool3 {
namespace {

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

/// Rows that were held out by a fold: all but those that train in each.
struct HeldOut {
  std::vector<float> scores;
  std::vector<std::int32_t> labels, folds;
};

HeldOut rows_of_folds(const Problem& problem, const std::vector<float>& scores, int folds) {
  HeldOut rows;
  const auto classes = static_cast<std::ptrdiff_t>(problem.classes);
  for (std::ptrdiff_t i = 0; i < std::ssize(problem.labels); ++i) {
    const auto at = static_cast<std::size_t>(i);
    if (problem.folds[at] >= folds) continue;
    rows.scores.insert(rows.scores.end(), scores.begin() + i * classes, scores.begin() + (i + 1) * classes);
    rows.labels.push_back(problem.labels[at]);
    rows.folds.push_back(problem.folds[at]);
  }
  return rows;
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
  if (o.solver.threads < 1) throw usage_error("--solver-threads must be above 0");
  if (!(o.C > 0) || !std::isfinite(o.C)) throw usage_error("--C must be above 0");
  if (o.probability_folds < 0 || o.probability_folds == 1)
    throw usage_error("--probability-folds must be 0, or 2 or more");
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

TrainingSet load_training_set(const Communicator& comm, const FeatureReader& reader, const TrainingOptions& options) {
  TrainingSet set;
  set.problem = load_training_rows(comm, reader, options.split, options.probability_folds, options.row_weights);
  check_problem(comm, set.problem);
  if (options.centering) set.standardisation = standardise(comm, set.problem);
  shuffle_rows(set.problem, options.split.seed);
  set.class_rows = class_counts(comm, set.problem);
  return set;
}

ClassFit fit_classes(const Communicator& comm, const TrainingSet& set, const TrainingOptions& options,
                     const ShowProgress& progress) {
  const Traffic before = traffic();
  Solver solver(comm, set.problem, columns_of_classes(set.problem.classes), solver_options(options, set.class_rows));
  Fit fit = solver.solve(options.C, progress);
  return {std::move(fit), traffic().since(before)};
}

Calibration fit_probabilities(const Communicator& comm, const TrainingSet& set, const TrainingOptions& options,
                              const ShowProgress& progress) {
  if (options.probability_folds == 0) return {};
  SolverOptions how = solver_options(options, set.class_rows);
  how.tolerance = std::max(how.tolerance, tolerance_of_probabilities);
  const auto columns = columns_of_folds(set.problem.classes, options.probability_folds);
  Solver solver(comm, set.problem, columns, how);
  const Fit fit = solver.solve(options.C, progress);
  const auto scores = held_out_scores(set.problem, fit, columns, how.threads);
  const HeldOut rows = rows_of_folds(set.problem, scores, options.probability_folds);
  return calibrate(comm, rows.scores, rows.labels, rows.folds, set.problem.classes);
}

}  // namespace pool3
