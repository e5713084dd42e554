#include "selection/by_rows.hpp"

#include <algorithm>
#include <optional>

#include "pool3/partition.hpp"
#include "pool3/types.hpp"
#include "selection/point_score.hpp"

namespace pool3::selection {
namespace {

/// The columns (class, fold) of a share of the folds.
std::vector<Column> fold_columns(std::int32_t classes, RowRange folds) {
  std::vector<Column> columns;
  for (Row fold = folds.begin; fold < folds.end; ++fold)
    for (std::int32_t k = 0; k < classes; ++k) columns.push_back({k, static_cast<std::int32_t>(fold)});
  return columns;
}

/// Rows of each fold. Every group holds all rows, and counts its own folds. Collective.
std::vector<std::int64_t> count_rows(const Communicator& comm, const Problem& problem, RowRange folds, int all_folds) {
  std::vector<std::int64_t> rows(index(all_folds), 0);
  for (const std::int32_t fold : problem.folds)
    if (fold >= folds.begin && fold < folds.end) ++rows[index(fold)];
  comm.sum(std::span<std::int64_t>(rows));
  return rows;
}

int group_count(const Communicator& comm, const SearchOptions& options) {
  const int most = std::min(comm.size(), options.folds);
  return options.groups > 0 ? std::min(options.groups, most) : most;
}

class RowSearch : public PointSolver {
 public:
  RowSearch(const Communicator& comm, const Load& load, const SearchOptions& options)
      : comm_(comm),
        options_(options),
        groups_(group_count(comm, options)),
        group_index_(static_cast<int>(std::int64_t{comm.rank()} * groups_ / comm.size())),
        group_(comm.split(group_index_)),
        folds_(even_share(options.folds, groups_, group_index_)) {
    comm.all_do([&] {  // what fails in one group fails in all
      problem_ = load(group_);
      check_problem(group_, problem_);
      if (options.centering) (void)standardise(group_, problem_);
    });
    shuffle_rows(problem_, options.seed);
    columns_ = fold_columns(problem_.classes, folds_);
    fold_rows_ = count_rows(comm, problem_, folds_, options.folds);
  }

  [[nodiscard]] std::vector<SearchPoint> grid() const override {
    std::vector<SearchPoint> points;
    for (const double C : sorted_grid(options_.C)) points.push_back({.C = C});
    return points;
  }
  [[nodiscard]] const std::vector<std::int64_t>& fold_rows() const override { return fold_rows_; }
  [[nodiscard]] int groups() const override { return groups_; }

  [[nodiscard]] SearchPoint compute(const SearchPoint& wanted, const ShowSolve& progress) override {
    SearchPoint point = wanted;
    const Fit fit = solver().solve(point.C, progress);
    score_point(comm_, held_out(fit), problem_.classes, options_, point);
    point.relative_gap = comm_.max(fit.relative_gap());
    point.epochs = static_cast<std::int64_t>(comm_.max(static_cast<double>(fit.epochs)));
    point.seconds = comm_.max(fit.seconds);
    return point;
  }
  void restore(const std::string& state) override {
    if (!state.empty()) comm_.all_do([&] { solver().restore(state); });
  }
  [[nodiscard]] std::string state() const override { return solver_ ? solver_->state() : std::string(); }

 private:
  Solver& solver() {
    if (!solver_) solver_.emplace(group_, problem_, columns_, options_.solver);
    return *solver_;
  }
  /// Of rows in folds of this group, and in none.
  [[nodiscard]] HeldOutRows held_out(const Fit& fit) const {
    const auto scores = held_out_scores(problem_, fit, columns_, options_.solver.threads);
    HeldOutRows rows;
    for (std::int64_t i = 0; i < problem_.rows; ++i) {
      const std::int32_t fold = problem_.folds[index(i)];
      const bool of_others = fold >= 0 && fold < options_.folds && (fold < folds_.begin || fold >= folds_.end);
      if (of_others) continue;
      const auto first = scores.begin() + i * problem_.classes;
      rows.scores.insert(rows.scores.end(), first, first + problem_.classes);
      rows.labels.push_back(problem_.labels[index(i)]);
      rows.folds.push_back(fold);
    }
    return rows;
  }

  const Communicator& comm_;
  const SearchOptions& options_;
  int groups_, group_index_;
  Communicator group_;  ///< ranks that solve the same folds
  RowRange folds_;
  Problem problem_;
  std::vector<Column> columns_;
  std::vector<std::int64_t> fold_rows_;
  std::optional<Solver> solver_;
};

}  // namespace

std::unique_ptr<PointSolver> solve_by_rows(const Communicator& comm, const Load& load, const SearchOptions& options) {
  return std::make_unique<RowSearch>(comm, load, options);
}

}  // namespace pool3::selection
