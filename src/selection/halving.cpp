#include "selection/halving.hpp"

#include <algorithm>
#include <cmath>

#include "pool3/numbers/mix.hpp"
#include "pool3/types.hpp"

namespace pool3 {
namespace selection {
namespace {

constexpr std::uint64_t one_of = 4;
constexpr std::int64_t least_rows_of_fold = 20;

/// Rows of a class follow one another in a catalogue, and so must not be taken in steps.
std::uint64_t mixed(std::uint64_t x) { return mix(x + 0x9e3779b97f4a7c15U); }

/// Moves what is kept of [rows, width] numbers to the front.
template <typename T>
void keep(std::vector<T>& of_rows, const std::vector<std::int64_t>& kept, std::int64_t width) {
  if (of_rows.empty()) return;
  std::int64_t to = 0;
  for (const std::int64_t i : kept) {
    std::copy_n(of_rows.begin() + i * width, width, of_rows.begin() + to * width);
    ++to;
  }
  of_rows.resize(index(to * width));
}

}  // namespace

Problem sample(Problem p) {
  std::vector<std::int64_t> kept;
  for (std::int64_t i = 0; i < p.rows; ++i) {
    const std::int64_t origin = p.origin.empty() ? i : p.origin[index(i)];
    if (mixed(static_cast<std::uint64_t>(origin)) % one_of == 0) kept.push_back(i);
  }
  keep(p.x, kept, p.dim);
  keep(p.halves, kept, p.dim);
  keep(p.labels, kept, 1);
  keep(p.folds, kept, 1);
  keep(p.weights, kept, 1);
  keep(p.origin, kept, 1);
  p.rows = std::ssize(kept);
  return p;
}

bool is_worth_halving(const Communicator& comm, const Load& load, const SearchOptions& options) {
  const Problem some = sample(load(comm));
  const auto counts = class_counts(comm, some);
  return comm.sum(some.rows) >= least_rows_of_fold * options.folds &&
         std::ranges::count_if(counts, [](std::int64_t n) { return n > 0; }) >= 2;
}

}  // namespace selection

namespace {

/// True if `p` is next to `best` in C or in gamma: no other value of the grid lies between.
bool are_neighbours(const std::vector<SearchPoint>& grid, const SearchPoint& p, const SearchPoint& best) {
  if (p.kernel != best.kernel) return false;
  const bool along_C = p.gamma == best.gamma, along_gamma = p.C == best.C;
  if (!along_C && !along_gamma) return false;
  return std::ranges::none_of(grid, [&](const SearchPoint& q) {
    const auto between = [](double x, double a, double b) { return x > std::min(a, b) && x < std::max(a, b); };
    return q.kernel == p.kernel && (along_C ? between(q.C, p.C, best.C) : between(q.gamma, p.gamma, best.gamma));
  });
}

}  // namespace

std::vector<std::uint8_t> points_to_drop(const std::vector<SearchPoint>& points, std::size_t best, Scoring scoring) {
  const SearchPoint& winner = points[best];
  std::vector<std::uint8_t> dropped;
  for (const SearchPoint& p : points) {
    std::vector<double> worse;
    for (std::size_t f = 0; f < p.fold_scores.size(); ++f) {
      const double by = winner.fold_scores[f] - p.fold_scores[f];
      if (std::isfinite(by)) worse.push_back(scoring == Scoring::log_loss ? -by : by);
    }
    // Near the 97.5 % points of Student's distribution.
    const double errors = 2 + 4.6 / std::max(1.0, static_cast<double>(worse.size()) - 1);
    double mean = 0;
    for (const double by : worse) mean += by / static_cast<double>(worse.size());
    const bool clearly = worse.size() > 1 && mean > 0 && mean > errors * standard_error(worse);
    dropped.push_back(clearly && !are_neighbours(points, p, winner) ? 1 : 0);
  }
  return dropped;
}

}  // namespace pool3
