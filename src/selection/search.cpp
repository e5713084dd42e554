#include <algorithm>
#include <cmath>
<<<<<<< HEAD
#include <tuple>
=======
#include <numeric>
>>>>>>> h-grid

#include "pool3/error.hpp"
#include "selection/by_columns.hpp"
#include "selection/by_rows.hpp"
<<<<<<< HEAD
#include "selection/edge.hpp"
=======
#include "selection/halving.hpp"
>>>>>>> h-grid
#include "selection/score.hpp"

namespace pool3 {
namespace {

void check(const SearchOptions& o) {
  if (o.C.empty()) throw usage_error("--C names no value to try");
  if (std::any_of(o.C.begin(), o.C.end(), [](double c) { return !(c > 0) || !std::isfinite(c); }))
    throw usage_error("--C must be above 0");
  if (o.folds < 2 || o.folds > 1000) throw usage_error("--folds must be between 2 and 1000");
  if (!o.linear && o.gammas.empty()) throw usage_error("--gamma names no value to try");
  if (!o.gram && !o.gammas.empty()) throw usage_error("the RBF kernel needs --solver gram");
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

/// Of the points that are not dropped.
std::size_t choose_point(const std::vector<SearchPoint>& points, const SearchOptions& options) {
  std::vector<Candidate> candidates;
  std::vector<std::size_t> places;
  for (std::size_t i = 0; i < points.size(); ++i) {
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

/// Every point in turn that is not dropped in `grid` already.
SearchResult compute_points(const Communicator& comm, selection::PointSolver& solver,
                            const std::vector<SearchPoint>& grid, const SearchOptions& options,
                            const ShowSearch& progress, const SearchMemory& memory) {
  SearchResult result{.fold_rows = solver.fold_rows(), .groups = solver.groups(), .scoring = options.scoring};
  const bool counts = memory.fold_rows == result.fold_rows;
  bool restored = !counts;
  for (std::size_t p = 0; p < grid.size(); ++p) {
    if (grid[p].dropped) {
      result.points.push_back(grid[p]);
      continue;
    }
    const SearchPoint* const known = counts ? find(memory.points, grid[p]) : nullptr;
    if (known != nullptr) {
      result.points.push_back(*known);
      ++result.remembered;
    } else {
      if (!restored) solver.restore(memory.state);
      restored = true;
      result.points.push_back(solver.compute(grid[p], [&](const SolverProgress& s) {
        if (progress && comm.is_root()) progress({grid[p].kernel, grid[p].gamma, grid[p].C, p, grid.size(), s});
      }));
    }
    result.best = choose_point(result.points, options);
    if (known == nullptr && memory.keep) memory.keep(result, solver.state());
  }
  return result;
}

/// The points of a grid on a part of the rows. Gammas are those of all rows, as numbers.
SearchResult search_sample(const Communicator& comm, const Load& load, SearchOptions options,
                           const std::vector<SearchPoint>& grid, const ShowSearch& progress) {
  options.gammas.clear();
  for (const SearchPoint& p : grid)
    if (p.kernel == Kernel::rbf && (options.gammas.empty() || options.gammas.back().factor != p.gamma))
      options.gammas.push_back({p.gamma, Gamma::Unit::one});
  const auto some = [&](const Communicator& group) { return selection::sample(load(group)); };
  const auto solver =
      options.gram ? selection::solve_by_columns(comm, some, options) : selection::solve_by_rows(comm, some, options);
  return compute_points(comm, *solver, solver->grid(), options, progress, {});
}

}  // namespace

SearchResult search_grid(const Communicator& comm, const std::function<Problem(const Communicator&)>& load,
                         const SearchOptions& options, const std::function<void(const SearchProgress&)>& progress,
                         const SearchMemory& memory) {
  comm.all_do([&] { check(options); });
  SearchOptions wider = options;  // its grid grows
  const auto solver =
<<<<<<< HEAD
      options.gram ? selection::solve_by_columns(comm, load, wider) : selection::solve_by_rows(comm, load, wider);
  SearchResult result{.fold_rows = solver->fold_rows(), .groups = solver->groups(), .scoring = options.scoring};
  const bool counts = memory.fold_rows == result.fold_rows;
  bool restored = !counts;
  const auto add = [&](const SearchPoint& wanted, std::size_t points) {
    const SearchPoint* const known = counts ? find(memory.points, wanted) : nullptr;
    SearchPoint found;
    if (known != nullptr) {
      found = *known;
      ++result.remembered;
    } else {
      if (!restored) solver->restore(memory.state);
      restored = true;
      found = solver->compute(wanted, [&](const SolverProgress& s) {
        if (progress && comm.is_root())
          progress({wanted.kernel, wanted.gamma, wanted.C, result.points.size(), points, s});
      });
    }
    result.points.insert(std::ranges::upper_bound(result.points, found, comes_before), found);
    result.best = choose_point(result.points, options);
    if (known == nullptr && memory.keep) memory.keep(result, solver->state());
  };
  const std::vector<SearchPoint> grid = solver->grid();
  for (const SearchPoint& point : grid) add(point, grid.size());
  for (int i = 0; i < options.most_extra; ++i) {
    const auto beyond = selection::point_beyond(result);
    if (!beyond) break;
    wider.C.push_back(beyond->C);
    add(*beyond, result.points.size() + 1);
=======
      options.gram ? selection::solve_by_columns(comm, load, options) : selection::solve_by_rows(comm, load, options);
  std::vector<SearchPoint> grid = solver->grid();
  std::int64_t sample_rows = 0;
  if (options.halving && selection::is_worth_halving(comm, load, options)) {
    const SearchResult sampled = search_sample(comm, load, options, grid, progress);
    const auto dropped = points_to_drop(sampled.points, sampled.best, options.scoring);
    for (std::size_t p = 0; p < dropped.size(); ++p) {
      if (dropped[p] == 0) continue;
      grid[p] = sampled.points[p];
      grid[p].dropped = true;
    }
    sample_rows = std::accumulate(sampled.fold_rows.begin(), sampled.fold_rows.end(), std::int64_t{0});
>>>>>>> h-grid
  }
  SearchResult result = compute_points(comm, *solver, grid, options, progress, memory);
  result.sample_rows = sample_rows;
  return result;
}

}  // namespace pool3
