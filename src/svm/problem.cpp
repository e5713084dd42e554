#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <random>

#include "pool3/mpi/gather.hpp"
#include "pool3/svm.hpp"
#include "pool3/types.hpp"
#include "svm/model/columns.hpp"
#include "svm/model/feature_rows.hpp"

namespace pool3 {
namespace {

/// Calls `use(row, features)` on every row of this rank, features as an array.
template <typename Use>
void for_each_row(const Problem& p, const Use& use) {
  svm::for_each_panel<float>(p, 1, [&](RowRange rows, const auto& x) { use(rows.begin, x.row(0).array()); });
}

/// sum over all ranks' rows of x, [dim]. Collective.
svm::Sums column_sums(const Communicator& comm, const Problem& p) {
  svm::Sums sums = svm::Sums::Zero(p.dim);
  for_each_row(p, [&](std::int64_t, const auto& row) { sums += row.template cast<double>(); });
  comm.sum(svm::numbers(sums));
  return sums;
}

constexpr std::size_t most_named = 5;

/// Where the rows of this rank with a feature that is NaN or infinite came from.
std::vector<std::int64_t> rows_not_finite(const Problem& p) {
  std::vector<std::int64_t> bad;
  for_each_row(p, [&](std::int64_t i, const auto& row) {
    if (row.allFinite()) return;
    bad.push_back(p.origin.empty() ? i : p.origin[index(i)]);
  });
  return bad;
}

/// The first of all ranks' rows, as text. Collective.
std::string names_of(const Communicator& comm, const std::vector<std::int64_t>& rows, std::int64_t total) {
  std::vector<std::int64_t> mine = rows;
  mine.resize(std::min(mine.size(), most_named));
  std::vector<std::int64_t> all = gather_items(comm, mine);
  std::sort(all.begin(), all.end());
  all.resize(std::min(all.size(), most_named));
  std::string text =
      fmt::format("{}{}", fmt::join(all, ", "), total > static_cast<std::int64_t>(most_named) ? ", ..." : "");
  comm.broadcast(text);
  return text;
}

}  // namespace

std::vector<std::int64_t> class_counts(const Communicator& comm, const Problem& problem) {
  std::vector<std::int64_t> counts(index(problem.classes), 0);
  for (const std::int32_t label : problem.labels) ++counts[index(label)];
  comm.sum(std::span<std::int64_t>(counts));
  return counts;
}

void check_problem(const Communicator& comm, const Problem& problem) {
  const auto bad = rows_not_finite(problem);
  const std::int64_t total = comm.sum(static_cast<std::int64_t>(bad.size()));
  const std::string names = total > 0 ? names_of(comm, bad, total) : "";
  comm.all_do([&] {
    if (total == 0) return;
    throw Error({.cause = fmt::format("{} training {} a feature that is not finite: row {}", total,
                                      total == 1 ? "row has" : "rows have", names),
                 .advice = "extract the features again"});
  });
  const auto counts = class_counts(comm, problem);
  const auto present = std::count_if(counts.begin(), counts.end(), [](std::int64_t n) { return n > 0; });
  comm.all_do([&] {
    if (present >= 2) return;
    throw Error({.cause = present == 0 ? "there are no training rows with a label"
                                       : "all training rows are of one class; two are needed",
                 .advice = "check --labels and --test-fraction"});
  });
}

namespace {
/// Halves are standardised in float: what that takes for mean and scale.
Standardisation rounded(Standardisation s) {
  for (double& m : s.mean) m = static_cast<double>(static_cast<float>(m));
  s.scale = 1 / static_cast<double>(static_cast<float>(1 / s.scale));
  return s;
}
}  // namespace

Standardisation standardise(const Communicator& comm, Problem& problem) {
  const double rows = static_cast<double>(comm.sum(problem.rows));
  const svm::Sums mean = column_sums(comm, problem) / rows;
  double squares = 0.0;
  for_each_row(problem,
               [&](std::int64_t, const auto& row) { squares += (row.template cast<double>() - mean).square().sum(); });
  const double mean_square = comm.sum(squares) / rows;
  Standardisation s{{mean.begin(), mean.end()}, mean_square > 0.0 ? std::sqrt(mean_square) : 1.0};
  if (comm.sum(std::int64_t{problem.halves.empty() ? 0 : 1}) > 0) {  // a rank may have no rows
    problem.of_halves = s = rounded(std::move(s));
    return s;
  }
  Eigen::Map<svm::Matrix<float>> x(problem.x.data(), problem.rows, problem.dim);
  for (std::int64_t i = 0; i < problem.rows; ++i)
    x.row(i) = ((x.row(i).array().cast<double>() - mean) * (1.0 / s.scale)).cast<float>();
  return s;
}

namespace {
template <typename T>
void swap_rows(std::vector<T>& rows, std::int64_t dim, std::int64_t i, std::int64_t j) {
  if (!rows.empty()) std::swap_ranges(&rows[index(i * dim)], &rows[index(i * dim)] + dim, &rows[index(j * dim)]);
}
}  // namespace

void shuffle_rows(Problem& problem, std::uint64_t seed) {
  std::mt19937_64 random(seed);
  for (std::int64_t i = problem.rows - 1; i > 0; --i) {
    const auto j = static_cast<std::int64_t>(random() % static_cast<std::uint64_t>(i + 1));
    if (i == j) continue;
    swap_rows(problem.x, problem.dim, i, j);
    swap_rows(problem.halves, problem.dim, i, j);
    std::swap(problem.labels[index(i)], problem.labels[index(j)]);
    if (!problem.folds.empty()) std::swap(problem.folds[index(i)], problem.folds[index(j)]);
    if (!problem.weights.empty()) std::swap(problem.weights[index(i)], problem.weights[index(j)]);
    if (!problem.origin.empty()) std::swap(problem.origin[index(i)], problem.origin[index(j)]);
  }
}

}  // namespace pool3
