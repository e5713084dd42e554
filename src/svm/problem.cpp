#include <algorithm>
#include <cmath>
#include <numeric>
#include <random>

#include "pool3/svm.hpp"

namespace pool3 {
namespace {

std::size_t index(std::int64_t i) { return static_cast<std::size_t>(i); }

/// sum over all ranks' rows of x, [dim]. Collective.
std::vector<double> column_sums(const Communicator& comm, const Problem& p) {
  std::vector<double> sums(index(p.dim), 0.0);
  for (std::int64_t i = 0; i < p.rows; ++i) {
    const float* row = p.x.data() + i * p.dim;
    for (std::int64_t j = 0; j < p.dim; ++j) sums[index(j)] += static_cast<double>(row[j]);
  }
  comm.sum(std::span<double>(sums));
  return sums;
}

constexpr std::size_t most_named = 5;

/// Where the rows of this rank with a feature that is NaN or infinite came from.
std::vector<std::int64_t> rows_not_finite(const Problem& p) {
  std::vector<std::int64_t> bad;
  for (std::int64_t i = 0; i < p.rows; ++i) {
    const float* row = p.x.data() + i * p.dim;
    if (std::all_of(row, row + p.dim, [](float v) { return std::isfinite(v); })) continue;
    bad.push_back(p.origin.empty() ? i : p.origin[index(i)]);
  }
  return bad;
}

/// The first of all ranks' rows, as text. Collective.
std::string names_of(const Communicator& comm, const std::vector<std::int64_t>& rows, std::int64_t total) {
  const std::size_t mine = std::min(rows.size(), most_named);
  std::vector<std::int64_t> all;
  for (const std::string& part :
       comm.gather({reinterpret_cast<const char*>(rows.data()), mine * sizeof(std::int64_t)})) {
    const std::size_t before = all.size();
    all.resize(before + part.size() / sizeof(std::int64_t));
    std::copy_n(part.data(), part.size(), reinterpret_cast<char*>(all.data() + before));
  }
  std::sort(all.begin(), all.end());
  std::string text;
  for (std::size_t i = 0; i < std::min(all.size(), most_named); ++i)
    text += (i == 0 ? "" : ", ") + std::to_string(all[i]);
  if (total > static_cast<std::int64_t>(most_named)) text += ", ...";
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
    throw Error({.stage = "train",
                 .cause = std::to_string(total) + (total == 1 ? " training row has" : " training rows have") +
                          " a feature that is not finite: row " + names,
                 .advice = "extract the features again"});
  });
  const auto counts = class_counts(comm, problem);
  const auto present = std::count_if(counts.begin(), counts.end(), [](std::int64_t n) { return n > 0; });
  comm.all_do([&] {
    if (present >= 2) return;
    throw Error({.stage = "train",
                 .cause = present == 0 ? "there are no training rows with a label"
                                       : "all training rows are of one class; two are needed",
                 .advice = "check --labels and --test-fraction"});
  });
}

Standardisation standardise(const Communicator& comm, Problem& problem) {
  const double rows = static_cast<double>(comm.sum(problem.rows));
  Standardisation s{column_sums(comm, problem), 1.0};
  for (double& m : s.mean) m /= rows;
  double squares = 0.0;
  for (std::int64_t i = 0; i < problem.rows; ++i) {
    const float* row = problem.x.data() + i * problem.dim;
    for (std::int64_t j = 0; j < problem.dim; ++j) {
      const double centred = static_cast<double>(row[j]) - s.mean[index(j)];
      squares += centred * centred;
    }
  }
  const double mean_square = comm.sum(squares) / rows;
  if (mean_square > 0.0) s.scale = std::sqrt(mean_square);
  const double factor = 1.0 / s.scale;
  for (std::int64_t i = 0; i < problem.rows; ++i) {
    float* row = problem.x.data() + i * problem.dim;
    for (std::int64_t j = 0; j < problem.dim; ++j)
      row[j] = static_cast<float>((static_cast<double>(row[j]) - s.mean[index(j)]) * factor);
  }
  return s;
}

void shuffle_rows(Problem& problem, std::uint64_t seed) {
  std::mt19937_64 random(seed);
  for (std::int64_t i = problem.rows - 1; i > 0; --i) {
    const auto j = static_cast<std::int64_t>(random() % static_cast<std::uint64_t>(i + 1));
    if (i == j) continue;
    float* a = problem.x.data() + i * problem.dim;
    std::swap_ranges(a, a + problem.dim, problem.x.data() + j * problem.dim);
    std::swap(problem.labels[index(i)], problem.labels[index(j)]);
    if (!problem.folds.empty()) std::swap(problem.folds[index(i)], problem.folds[index(j)]);
    if (!problem.weights.empty()) std::swap(problem.weights[index(i)], problem.weights[index(j)]);
    if (!problem.origin.empty()) std::swap(problem.origin[index(i)], problem.origin[index(j)]);
  }
}

}  // namespace pool3
