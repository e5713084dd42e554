#include "selection/by_folds.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <optional>
#include <string_view>

#include "pool3/error.hpp"
#include "pool3/partition.hpp"
#include "pool3/svm/fold_solver.hpp"
#include "selection/point_score.hpp"

namespace pool3::selection {
namespace {

std::size_t index(std::int64_t i) { return static_cast<std::size_t>(i); }

/// What the solver has solved last. In front of its state.
struct Standing {
  Kernel kernel = Kernel::linear;
  double gamma = 0, C = 0;  ///< C 0: nothing yet
};

std::string bytes_of(const Standing& s) {
  const std::array<double, 3> numbers = {s.kernel == Kernel::rbf ? 1.0 : 0.0, s.gamma, s.C};
  return {reinterpret_cast<const char*>(numbers.data()), sizeof numbers};
}

Standing standing_of(std::string_view bytes) {
  std::array<double, 3> numbers{};
  if (bytes.size() < sizeof numbers) throw Error({.stage = "search", .cause = "this state is of another search"});
  std::memcpy(numbers.data(), bytes.data(), sizeof numbers);
  return {numbers[0] > 0 ? Kernel::rbf : Kernel::linear, numbers[1], numbers[2]};
}

class FoldSearch : public PointSolver {
 public:
  FoldSearch(const Communicator& comm, const Problem& problem, const SearchOptions& options)
      : comm_(comm),
        options_(options),
        solver_(comm, problem,
                {.solver = of_solver(options),
                 .folds = options.folds,
                 .landmarks = options.gammas.empty() ? 0 : options.landmarks,
                 .centering = options.centering}),
        fold_rows_(count_rows(solver_.folds(), options.folds)) {
    for (const Gamma& gamma : options.gammas) gammas_.push_back(solver_.gamma_of(gamma));
    gammas_ = sorted_grid(gammas_);
  }

  [[nodiscard]] std::vector<SearchPoint> grid() const override { return grid_of(options_, gammas_); }
  [[nodiscard]] const std::vector<std::int64_t>& fold_rows() const override { return fold_rows_; }
  [[nodiscard]] int groups() const override { return std::min(comm_.size(), solver_.tasks()); }

  [[nodiscard]] SearchPoint compute(const SearchPoint& wanted, const ShowSolve& progress) override {
    SearchPoint point = wanted;
    take(point.kernel, point.gamma, point.C);
    // Each C starts from the last: after a resume without a state, from the same answers as without one.
    for (const double C : sorted_grid(options_.C))
      if (C > last_.C && C < point.C) (void)solver_.solve(C, progress);
    const FoldFit fit = solver_.solve(point.C, progress);
    last_.C = point.C;
    const RowRange mine = even_share(solver_.rows(), comm_.size(), comm_.rank());
    const auto part = [&](std::span<const std::int32_t> of_rows) {
      const auto some = of_rows.subspan(index(mine.begin), index(mine.size()));
      return std::vector<std::int32_t>(some.begin(), some.end());
    };
    score_point(comm_, {solver_.held_out_scores(mine), part(solver_.labels()), part(solver_.folds())},
                solver_.classes(), options_, point);
    point.relative_gap = fit.relative_gap;
    point.epochs = fit.passes;
    point.seconds = fit.seconds;
    return point;
  }

  void restore(const std::string& state) override {
    if (comm_.all(state.empty())) return;
    Standing standing;
    comm_.all_do([&] { standing = standing_of(state); });
    if (standing.C == 0) return;
    take(standing.kernel, standing.gamma, standing.C);
    comm_.all_do([&] { solver_.restore(std::string_view(state).substr(bytes_of(standing).size())); });
    last_ = standing;
  }
  [[nodiscard]] std::string state() const override { return bytes_of(last_) + solver_.state(); }

 private:
  static SolverOptions of_solver(const SearchOptions& options) {
    SolverOptions solver = options.solver;
    solver.seed = options.seed;
    return solver;
  }
  /// The rows of the point's kernel, from nothing unless a smaller C was solved over them.
  void take(Kernel kernel, double gamma, double C) {
    if (last_.C > 0 && last_.kernel == kernel && last_.gamma == gamma && C >= last_.C) return;
    solver_.take(kernel, gamma);
    last_ = {kernel, gamma, 0};
  }

  const Communicator& comm_;
  const SearchOptions& options_;
  FoldSolver solver_;
  std::vector<std::int64_t> fold_rows_;
  std::vector<double> gammas_;
  Standing last_;
};

}  // namespace

std::unique_ptr<PointSolver> solve_by_folds(const Communicator& comm, const Load& load, const SearchOptions& options) {
  const Problem problem = load(comm);
  check_problem(comm, problem);
  return std::make_unique<FoldSearch>(comm, problem, options);
}

}  // namespace pool3::selection
