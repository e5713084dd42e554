#include <Eigen/Core>
#include <algorithm>
#include <cmath>
#include <optional>

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
  using Scores = Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
  const Eigen::Map<const Scores> of_rows(scores.data(), problem.rows, problem.classes);
  for (std::int64_t i = 0; i < problem.rows; ++i) {
    const std::int32_t fold = problem.folds[index(i)];
    if (fold < folds.begin || fold >= folds.end) continue;
    Eigen::Index predicted = 0;
    of_rows.row(i).maxCoeff(&predicted);  // the first of equals
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
  if (accuracies.empty()) return;
  const Eigen::Map<const Eigen::ArrayXd> values(accuracies.data(), std::ssize(accuracies));
  point.mean = values.mean();
  point.deviation = std::sqrt((values - point.mean).square().mean());
}

/// Rows of each fold. Every group holds all rows, and counts its own folds. Collective.
std::vector<std::int64_t> count_rows(const Communicator& comm, const Problem& problem, RowRange folds, int all_folds) {
  std::vector<std::int64_t> rows(index(all_folds), 0);
  for (const std::int32_t fold : problem.folds)
    if (fold >= folds.begin && fold < folds.end) ++rows[index(fold)];
  comm.sum(std::span<std::int64_t>(rows));
  return rows;
}

std::vector<double> sorted_grid(std::vector<double> grid) {
  std::sort(grid.begin(), grid.end());
  grid.erase(std::unique(grid.begin(), grid.end()), grid.end());
  return grid;
}

const SearchPoint* find(const std::vector<SearchPoint>& points, double C) {
  const auto found = std::find_if(points.begin(), points.end(), [&](const SearchPoint& p) { return p.C == C; });
  return found == points.end() ? nullptr : &*found;
}

/// A rank's part of a search.
struct Share {
  const Communicator& comm;   ///< all ranks
  const Communicator& group;  ///< those that solve the same folds
  RowRange folds;
  Problem problem;
  std::vector<Column> columns;
};

/// Solves one point. Collective.
SearchPoint compute(const Share& share, Solver& solver, double C, const SearchOptions& options,
                    const std::function<void(const SolverProgress&)>& progress) {
  SearchPoint point{.C = C};
  const Fit fit = solver.solve(C, progress);
  const auto scores = held_out_scores(share.problem, fit, share.columns, options.solver.threads);
  FoldCounts counts = count_hits(share.problem, scores, share.folds, options.folds);
  share.comm.sum(std::span<std::int64_t>(counts.rows));
  share.comm.sum(std::span<std::int64_t>(counts.hits));
  point.relative_gap = share.comm.max(fit.relative_gap());
  point.epochs = static_cast<std::int64_t>(share.comm.max(static_cast<double>(fit.epochs)));
  point.seconds = share.comm.max(fit.seconds);
  summarise(point, counts);
  return point;
}

/// Works off the grid. Collective.
void walk(const Share& share, const SearchOptions& options, const std::function<void(const SearchProgress&)>& progress,
          const SearchMemory& memory, SearchResult& result) {
  const std::vector<double> grid = sorted_grid(options.C);
  const bool counts = memory.fold_rows == result.fold_rows;
  std::optional<Solver> solver;
  for (std::size_t p = 0; p < grid.size(); ++p) {
    const SearchPoint* const known = counts ? find(memory.points, grid[p]) : nullptr;
    if (known != nullptr) {
      result.points.push_back(*known);
      ++result.remembered;
    } else {
      if (!solver) {
        solver.emplace(share.group, share.problem, share.columns, options.solver);
        if (counts && !memory.state.empty()) share.comm.all_do([&] { solver->restore(memory.state); });
      }
      result.points.push_back(compute(share, *solver, grid[p], options, [&](const SolverProgress& s) {
        if (progress && share.comm.is_root()) progress({grid[p], p, grid.size(), s});
      }));
    }
    if (result.points.back().mean > result.points[result.best].mean) result.best = p;
    if (known == nullptr && memory.keep) memory.keep(result, solver->state());
  }
}

}  // namespace

SearchResult search_C(const Communicator& comm, const std::function<Problem(const Communicator&)>& load,
                      const SearchOptions& options, const std::function<void(const SearchProgress&)>& progress,
                      const SearchMemory& memory) {
  comm.all_do([&] { check(options); });
  SearchResult result;
  const int most = std::min(comm.size(), options.folds);
  result.groups = options.groups > 0 ? std::min(options.groups, most) : most;
  const int group_index = static_cast<int>(std::int64_t{comm.rank()} * result.groups / comm.size());
  const Communicator group = comm.split(group_index);
  Share share{comm, group, even_share(options.folds, result.groups, group_index), {}, {}};
  comm.all_do([&] {  // what fails in one group fails in all
    share.problem = load(group);
    check_problem(group, share.problem);
    if (options.centering) (void)standardise(group, share.problem);
  });
  shuffle_rows(share.problem, options.seed);
  share.columns = fold_columns(share.problem.classes, share.folds);
  result.fold_rows = count_rows(comm, share.problem, share.folds, options.folds);
  walk(share, options, progress, memory, result);
  return result;
}

}  // namespace pool3
