#include <algorithm>
#include <cmath>
#include <numeric>
#include <tuple>
#include <utility>

#include "pool3/error.hpp"
#include "selection/by_columns.hpp"
#include "selection/by_folds.hpp"
#include "selection/by_rows.hpp"
#include "selection/grid_edge.hpp"
#include "selection/halving.hpp"
#include "selection/point_score.hpp"

namespace pool3 {
namespace {

void check(const SearchOptions& o) {
  if (o.C.empty()) throw usage_error("--C names no value to try");
  if (std::any_of(o.C.begin(), o.C.end(), [](double c) { return !(c > 0) || !std::isfinite(c); }))
    throw usage_error("--C must be above 0");
  if (o.folds < 2 || o.folds > 1000) throw usage_error("--folds must be between 2 and 1000");
  if (!o.linear && o.gammas.empty()) throw usage_error("--gamma names no value to try");
  if (!o.gram && o.landmarks < 1 && !o.gammas.empty()) throw usage_error("the RBF kernel needs --solver gram");
}

bool same_point(const SearchPoint& a, const SearchPoint& b) {
  return a.kernel == b.kernel && a.gamma == b.gamma && a.C == b.C;
}

/// The order of a table.
bool comes_before(const SearchPoint& a, const SearchPoint& b) {
  return std::tie(a.kernel, a.gamma, a.C) < std::tie(b.kernel, b.gamma, b.C);
}

const SearchPoint* find(const std::vector<SearchPoint>& points, const SearchPoint& wanted) {
  const auto found = std::ranges::find_if(points, [&](const SearchPoint& p) { return same_point(p, wanted); });
  return found == points.end() ? nullptr : &*found;
}

/// Of the points that are not dropped, of the best those first that stand first. The simplest are linear before RBF,
/// and of smaller C before those of smaller gamma.
std::size_t choose_point(const std::vector<SearchPoint>& points, const SearchOptions& options) {
  std::vector<std::size_t> order(points.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  if (options.choice == Choice::simplest)
    std::ranges::sort(order, {},
                      [&](std::size_t i) { return std::tuple(points[i].kernel, points[i].C, points[i].gamma); });
  std::vector<Candidate> candidates;
  std::vector<std::size_t> places;
  for (const std::size_t i : order) {
    const SearchPoint& p = points[i];
    if (p.dropped) continue;
    std::vector<double> scores;
    std::ranges::copy_if(p.fold_scores, std::back_inserter(scores), [](double s) { return std::isfinite(s); });
    candidates.push_back({p.score, standard_error(scores)});
    places.push_back(i);
  }
  return places.empty() ? 0 : places[choose(candidates, options.scoring, options.choice)];
}

using selection::Load;
using ShowSearch = std::function<void(const SearchProgress&)>;

/// Computes points, or takes them from what an earlier search has left, and puts each where the order of the grid wants
/// it.
class Table {
 public:
  Table(const Communicator& comm, selection::PointSolver& solver, const SearchOptions& options,
        const ShowSearch& progress, const SearchMemory& memory)
      : comm_(comm),
        solver_(solver),
        options_(options),
        progress_(progress),
        memory_(memory),
        result_{.fold_rows = solver.fold_rows(), .groups = solver.groups(), .scoring = options.scoring},
        counts_(memory.fold_rows == result_.fold_rows),
        restored_(!counts_) {}

  /// `points`: how many there will be. One that is dropped already stays as it is.
  void add(const SearchPoint& wanted, std::size_t points) {
    if (wanted.dropped) return put(wanted);
    const SearchPoint* const known = counts_ ? find(memory_.points, wanted) : nullptr;
    if (known != nullptr) {
      ++result_.remembered;
      return put(*known);
    }
    if (!restored_) solver_.restore(memory_.state);
    restored_ = true;
    put(solver_.compute(wanted, [&](const SolverProgress& s) {
      if (progress_ && comm_.is_root())
        progress_({wanted.kernel, wanted.gamma, wanted.C, result_.points.size(), points, s});
    }));
    if (memory_.keep) memory_.keep(result_, solver_.state());
  }

  SearchResult& result() { return result_; }

 private:
  void put(const SearchPoint& point) {
    result_.points.insert(std::ranges::upper_bound(result_.points, point, comes_before), point);
    result_.best = choose_point(result_.points, options_);
  }

  const Communicator& comm_;
  selection::PointSolver& solver_;
  const SearchOptions& options_;
  const ShowSearch& progress_;
  const SearchMemory& memory_;
  SearchResult result_;
  bool counts_, restored_;  ///< the memory is of these rows; the solver has its state
};

std::unique_ptr<selection::PointSolver> make_solver(const Communicator& comm, const Load& load,
                                                    const SearchOptions& options) {
  if (options.gram) return selection::solve_by_columns(comm, load, options);
  if (options.landmarks > 0) return selection::solve_by_folds(comm, load, options);
  return selection::solve_by_rows(comm, load, options);
}

/// The points of a grid on a part of the rows. Gammas are those of all rows, as numbers.
SearchResult search_sample(const Communicator& comm, const Load& load, SearchOptions options,
                           const std::vector<SearchPoint>& grid, const ShowSearch& progress) {
  options.gammas.clear();
  for (const SearchPoint& p : grid)
    if (p.kernel == Kernel::rbf && (options.gammas.empty() || options.gammas.back().factor != p.gamma))
      options.gammas.push_back({p.gamma, Gamma::Unit::one});
  const auto some = [&](const Communicator& group) { return selection::sample(load(group)); };
  const auto solver = make_solver(comm, some, options);
  const SearchMemory none;
  Table table(comm, *solver, options, progress, none);
  const std::vector<SearchPoint> same = solver->grid();
  for (const SearchPoint& point : same) table.add(point, same.size());
  return std::move(table.result());
}

}  // namespace

SearchResult search_grid(const Communicator& comm, const std::function<Problem(const Communicator&)>& load,
                         const SearchOptions& options, const std::function<void(const SearchProgress&)>& progress,
                         const SearchMemory& memory) {
  comm.all_do([&] { check(options); });
  SearchOptions wider = options;  // its grid grows
  const auto solver = make_solver(comm, load, wider);
  std::vector<SearchPoint> grid = solver->grid();
  std::int64_t sample_rows = 0;
  if (options.halving && selection::is_worth_halving(comm, load, options)) {
    const SearchResult sampled = search_sample(comm, load, options, grid, progress);
    const auto dropped = points_to_drop(sampled.points, sampled.best, options.scoring);
    for (SearchPoint& point : grid) {
      const SearchPoint* const found = find(sampled.points, point);
      if (found == nullptr || dropped[static_cast<std::size_t>(found - sampled.points.data())] == 0) continue;
      point = *found;
      point.dropped = true;
    }
    sample_rows = std::accumulate(sampled.fold_rows.begin(), sampled.fold_rows.end(), std::int64_t{0});
  }
  Table table(comm, *solver, options, progress, memory);
  table.result().sample_rows = sample_rows;
  for (const SearchPoint& point : grid) table.add(point, grid.size());
  for (int i = 0; i < options.most_extra; ++i) {
    const auto beyond = selection::point_beyond(table.result());
    if (!beyond) break;
    wider.C.push_back(beyond->C);
    table.add(*beyond, table.result().points.size() + 1);
  }
  return std::move(table.result());
}

}  // namespace pool3
