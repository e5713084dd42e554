#include <algorithm>
#include <cmath>
#include <tuple>

#include "pool3/error.hpp"
#include "selection/by_columns.hpp"
#include "selection/by_rows.hpp"
#include "selection/edge.hpp"
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

std::size_t choose_point(const std::vector<SearchPoint>& points, const SearchOptions& options) {
  std::vector<Candidate> candidates;
  for (const SearchPoint& p : points) {
    std::vector<double> scores;
    std::ranges::copy_if(p.fold_scores, std::back_inserter(scores), [](double s) { return std::isfinite(s); });
    candidates.push_back({p.score, standard_error(scores)});
  }
  return choose(candidates, options.scoring, options.choice);
}

}  // namespace

SearchResult search_grid(const Communicator& comm, const std::function<Problem(const Communicator&)>& load,
                         const SearchOptions& options, const std::function<void(const SearchProgress&)>& progress,
                         const SearchMemory& memory) {
  comm.all_do([&] { check(options); });
  SearchOptions wider = options;  // its grid grows
  const auto solver =
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
  }
  return result;
}

}  // namespace pool3
