#include <algorithm>
#include <cmath>

#include "pool3/partition.hpp"
#include "pool3/selection.hpp"

namespace pool3 {
namespace {

std::size_t index(std::int64_t i) { return static_cast<std::size_t>(i); }

void check(const SearchOptions& o) {
  if (o.C.empty()) throw usage_error("--C names no value to try");
  if (std::any_of(o.C.begin(), o.C.end(), [](double c) { return !(c > 0) || !std::isfinite(c); }))
    throw usage_error("--C must be above 0");
  if (o.folds < 2 || o.folds > 1000) throw usage_error("--folds must be between 2 and 1000");
}

/// The columns (class, fold) of a share of the folds.
std::vector<Column> fold_columns(std::int32_t classes, RowRange folds) {
  std::vector<Column> columns;
  for (Row fold = folds.begin; fold < folds.end; ++fold)
    for (std::int32_t k = 0; k < classes; ++k) columns.push_back({k, static_cast<std::int32_t>(fold)});
  return columns;
}

/// Rows and hits of each fold, of this rank.
struct FoldCounts {
  std::vector<std::int64_t> rows, hits;
};

FoldCounts count_hits(const Problem& problem, const std::vector<float>& scores, RowRange folds, int all_folds) {
  FoldCounts counts{std::vector<std::int64_t>(index(all_folds), 0), std::vector<std::int64_t>(index(all_folds), 0)};
  for (std::int64_t i = 0; i < problem.rows; ++i) {
    const std::int32_t fold = problem.folds[index(i)];
    if (fold < folds.begin || fold >= folds.end) continue;
    const float* row = scores.data() + i * problem.classes;
    const auto predicted = std::max_element(row, row + problem.classes) - row;
    ++counts.rows[index(fold)];
    counts.hits[index(fold)] += predicted == problem.labels[index(i)] ? 1 : 0;
  }
  return counts;
}

/// Fills mean and deviation from the folds' counts over all ranks.
void summarise(SearchPoint& point, const FoldCounts& counts) {
  std::vector<double> accuracies;
  for (std::size_t f = 0; f < counts.rows.size(); ++f) {
    const bool has_rows = counts.rows[f] > 0;
    point.fold_accuracy.push_back(has_rows ? static_cast<double>(counts.hits[f]) / static_cast<double>(counts.rows[f])
                                           : -1.0);
    if (has_rows) accuracies.push_back(point.fold_accuracy.back());
  }
  const auto n = static_cast<double>(accuracies.size());
  for (const double a : accuracies) point.mean += a / n;
  double squares = 0;
  for (const double a : accuracies) squares += (a - point.mean) * (a - point.mean) / n;
  point.deviation = std::sqrt(squares);
}

}  // namespace

SearchResult search_C(const Communicator& comm, const std::function<Problem(const Communicator&)>& load,
                      const SearchOptions& options, const std::function<void(const SearchProgress&)>& progress) {
  comm.all_do([&] { check(options); });
  std::vector<double> grid = options.C;
  std::sort(grid.begin(), grid.end());
  grid.erase(std::unique(grid.begin(), grid.end()), grid.end());

  SearchResult result;
  const int most = std::min(comm.size(), options.folds);
  result.groups = options.groups > 0 ? std::min(options.groups, most) : most;
  const int group_index = static_cast<int>(std::int64_t{comm.rank()} * result.groups / comm.size());
  const Communicator group = comm.split(group_index);
  Problem problem;
  comm.all_do([&] {  // what fails in one group fails in all
    problem = load(group);
    check_problem(group, problem);
    if (options.centering) (void)standardise(group, problem);
  });
  shuffle_rows(problem, options.seed);

  const RowRange folds = even_share(options.folds, result.groups, group_index);
  const std::vector<Column> columns = fold_columns(problem.classes, folds);
  Solver solver(group, problem, columns, options.solver);
  for (std::size_t p = 0; p < grid.size(); ++p) {
    SearchPoint point{.C = grid[p]};
    const Fit fit = solver.solve(point.C, [&](const SolverProgress& s) {
      if (progress && comm.is_root()) progress({point.C, p, grid.size(), s});
    });
    const auto scores = held_out_scores(problem, fit, columns, options.solver.threads);
    FoldCounts counts = count_hits(problem, scores, folds, options.folds);
    comm.sum(std::span<std::int64_t>(counts.rows));
    comm.sum(std::span<std::int64_t>(counts.hits));
    point.relative_gap = comm.max(fit.relative_gap());
    point.epochs = static_cast<std::int64_t>(comm.max(static_cast<double>(fit.epochs)));
    point.seconds = comm.max(fit.seconds);
    summarise(point, counts);
    result.fold_rows = counts.rows;
    result.points.push_back(std::move(point));
    if (result.points.back().mean > result.points[result.best].mean) result.best = p;
  }
  return result;
}

}  // namespace pool3
