#include "selection/by_columns.hpp"

#include <algorithm>
#include <optional>

#include "pool3/partition.hpp"
#include "selection/point_score.hpp"

namespace pool3::selection {
namespace {

std::size_t index(std::int64_t i) { return static_cast<std::size_t>(i); }

class ColumnSearch : public PointSolver {
 public:
  ColumnSearch(const Communicator& comm, const Problem& problem, const SearchOptions& options)
      : comm_(comm),
        options_(options),
        rows_(comm, problem, options.centering, options.solver.threads),
        fold_rows_(count_rows(rows_.folds(), options.folds)) {
    comm.all_do([&] {
      for (const Gamma& gamma : options.gammas) gammas_.push_back(gamma.of(rows_));
    });
    gammas_ = sorted_grid(gammas_);
  }

  [[nodiscard]] std::vector<SearchPoint> grid() const override { return grid_of(options_, gammas_); }
  [[nodiscard]] const std::vector<std::int64_t>& fold_rows() const override { return fold_rows_; }
  [[nodiscard]] int groups() const override { return comm_.size(); }

  [[nodiscard]] SearchPoint compute(const SearchPoint& wanted, const ShowSolve& progress) override {
    SearchPoint point = wanted;
    take_kernel(point);
    // Each C starts from the last: after a resume, from the same answers as without one.
    for (const double C : sorted_grid(options_.C))
      if (C > last_C_ && C < point.C) {
        (void)solver_->solve(C, progress);
        if (options_.solver.loss == Loss::l1) (void)solver_->solve_folds(progress);
      }
    const KernelFit all = solver_->solve(point.C, progress), folds = solver_->solve_folds(progress);
    last_C_ = point.C;
    const RowRange mine = even_share(rows_.rows(), comm_.size(), comm_.rank());
    const auto part = [&](std::span<const std::int32_t> of_rows) {
      const auto some = of_rows.subspan(index(mine.begin), index(mine.size()));
      return std::vector<std::int32_t>(some.begin(), some.end());
    };
    score_point(comm_, {solver_->held_out_scores(mine), part(rows_.labels()), part(rows_.folds())}, rows_.classes(),
                options_, point);
    point.relative_gap = std::max(all.relative_gap(), folds.relative_gap());
    point.epochs = std::max(all.products, folds.products);
    point.seconds = all.seconds + folds.seconds;
    return point;
  }

  void restore(const std::string& /*state*/) override {}
  [[nodiscard]] std::string state() const override { return {}; }

 private:
  /// The solver of the point's kernel matrix.
  void take_kernel(const SearchPoint& point) {
    const bool same = solver_ && solver_->options().kernel == point.kernel && solver_->options().gamma == point.gamma;
    if (same && point.C >= last_C_) return;
    solver_.reset();
    last_C_ = 0;
    const bool linear = point.kernel == Kernel::linear;
    solver_.emplace(comm_, rows_,
                    KernelOptions{.kernel = point.kernel,
                                  .gamma = point.gamma,
                                  .multiclass = linear ? Multiclass::one_vs_rest : options_.multiclass,
                                  .loss = options_.solver.loss,
                                  .bias = options_.solver.bias,
                                  .tolerance = options_.solver.tolerance,
                                  .positive_weights = options_.solver.positive_weights,
                                  .max_seconds = options_.solver.max_seconds},
                    options_.folds);
  }

  const Communicator& comm_;
  const SearchOptions& options_;
  SharedRows rows_;
  std::vector<std::int64_t> fold_rows_;
  std::vector<double> gammas_;
  std::optional<KernelSolver> solver_;
  double last_C_ = 0;
};

}  // namespace

std::unique_ptr<PointSolver> solve_by_columns(const Communicator& comm, const Load& load,
                                              const SearchOptions& options) {
  const Problem problem = load(comm);
  check_problem(comm, problem);
  return std::make_unique<ColumnSearch>(comm, problem, options);
}

}  // namespace pool3::selection
