#include "svm/probabilities/sigmoid.hpp"

#include <algorithm>
#include <cmath>

#include "pool3/types.hpp"
#include "svm/probabilities/sigmoid_sums.hpp"

namespace pool3 {
namespace svm {
namespace {

constexpr int max_iterations = 100;
constexpr double smallest_step = 1e-10;
constexpr double ridge = 1e-12;  // keeps the Hessian positive definite
constexpr double gradient_enough = 1e-5;
constexpr double gain_enough = 1e-12;  // of the cross-entropy: rounding hides more
constexpr double gain_enough_to_compare = 1e-6;

struct Targets {
  double high, low;  ///< of positives and negatives
};

/// A column's sigmoid on its way.
struct Fitting {
  double positives = 0, negatives = 0;
  Targets targets{};
  double a = 0, b = 0;  ///< the best so far, with its sums
  Sums at{};
  double step = 1, step_a = 0, step_b = 0, slope = 0;  ///< the next to try
  int iterations = 0;
  double enough = gain_enough;
  bool done = false;

  [[nodiscard]] double trial_a() const { return a + step * step_a; }
  [[nodiscard]] double trial_b() const { return b + step * step_b; }
  /// Newton's direction from here; done if there is nothing to gain.
  void aim() {
    const double det = at[h_aa] * at[h_bb] - at[h_ab] * at[h_ab];
    step = 1;
    step_a = -(at[h_bb] * at[g_a] - at[h_ab] * at[g_b]) / det;
    step_b = -(-at[h_ab] * at[g_a] + at[h_aa] * at[g_b]) / det;
    slope = at[g_a] * step_a + at[g_b] * step_b;
    const bool flat = std::abs(at[g_a]) < gradient_enough && std::abs(at[g_b]) < gradient_enough;
    done = flat || iterations >= max_iterations || !(-slope > enough * at[value]);
  }
  /// Takes the trial with these sums, or halves the step.
  void judge(const Sums& tried) {
    if (tried[value] < at[value] + 1e-4 * step * slope) {
      a = trial_a();
      b = trial_b();
      at = tried;
      ++iterations;
      aim();
    } else {
      step /= 2;
      done = step < smallest_step;
    }
  }
};

/// Calls `use(row, column, positive)` for all that count in columns that are not done.
template <typename Use>
void for_each_entry(const SigmoidRows& rows, const std::vector<Fitting>& all, const Use& use) {
  std::vector<std::size_t> open;
  for (std::size_t j = 0; j < all.size(); ++j)
    if (!all[j].done) open.push_back(j);
  for (std::size_t i = 0; i < rows.labels.size(); ++i) {
    if (!rows.used.empty() && rows.used[i] == 0) continue;
    const std::size_t label = index(rows.labels[i]);
    if (rows.columns.empty()) {
      for (const std::size_t j : open) use(i, j, j == label);
    } else {
      for (const ColumnSide& c : rows.columns[label])
        if (!all[index(c.column)].done) use(i, index(c.column), c.positive);
    }
  }
}

/// Rows of both sides of each column, targets, and where all start: at the sigmoid that looks at no score.
std::vector<Fitting> start(const Communicator& comm, const SigmoidRows& rows) {
  std::vector<std::int64_t> counts(2 * index(rows.column_count), 0);
  std::vector<Fitting> all(index(rows.column_count));
  for_each_entry(rows, all,
                 [&](std::size_t, std::size_t column, bool positive) { ++counts[2 * column + (positive ? 0 : 1)]; });
  comm.sum(std::span<std::int64_t>(counts));
  for (std::size_t j = 0; j < all.size(); ++j) {
    Fitting& fit = all[j];
    fit.positives = static_cast<double>(counts[2 * j]);
    fit.negatives = static_cast<double>(counts[2 * j + 1]);
    fit.targets = {(fit.positives + 1) / (fit.positives + 2), 1 / (fit.negatives + 2)};
    fit.b = std::log((fit.negatives + 1) / (fit.positives + 1));
  }
  return all;
}

/// Every row counts in every column.
void add_to_all(const SigmoidRows& rows, const std::vector<Fitting>& all, SigmoidSums& to) {
  std::vector<double> a, b, low;
  for (const Fitting& fit : all) {
    a.push_back(fit.trial_a());
    b.push_back(fit.trial_b());
    low.push_back(fit.targets.low);
  }
  for (std::size_t i = 0; i < rows.labels.size(); ++i) {
    if (!rows.used.empty() && rows.used[i] == 0) continue;
    const float* const scores = rows.scores.data() + i * all.size();
    to.add_row(scores, a.data(), b.data(), low.data());
    const std::size_t own = index(rows.labels[i]);
    const auto f = static_cast<double>(scores[own]);
    to.raise_target(own, f, f * a[own] + b[own], all[own].targets.high - all[own].targets.low);
  }
}

/// Of the columns that are not done alone.
void add_to_open(const SigmoidRows& rows, const std::vector<Fitting>& all, SigmoidSums& to) {
  for_each_entry(rows, all, [&](std::size_t row, std::size_t column, bool positive) {
    const Fitting& fit = all[column];
    to.add(column, rows.scores[row * all.size() + column], fit.trial_a(), fit.trial_b(),
           positive ? fit.targets.high : fit.targets.low);
  });
}

/// Where most columns are done, the others one by one are cheaper than all at once.
constexpr std::ptrdiff_t few_open = 4;

/// Sums of each column at its trial, over all ranks; of those that are done, anything.
std::vector<Sums> pass(const Communicator& comm, const SigmoidRows& rows, const std::vector<Fitting>& all) {
  SigmoidSums mine(all.size());
  const auto open = std::ranges::count(all, false, &Fitting::done);
  const bool at_once = rows.columns.empty() && few_open * open >= std::ssize(all);
  (at_once ? add_to_all : add_to_open)(rows, all, mine);
  std::vector<double> flat;
  for (std::size_t j = 0; j < all.size(); ++j) {
    const Sums of_column = mine.of(j);
    flat.insert(flat.end(), of_column.begin(), of_column.end());
  }
  comm.sum(std::span<double>(flat));
  std::vector<Sums> of_columns(all.size());
  for (std::size_t j = 0; j < all.size(); ++j) {
    std::copy_n(&flat[j * sums], sums, of_columns[j].begin());
    of_columns[j][h_aa] += ridge;
    of_columns[j][h_bb] += ridge;
  }
  return of_columns;
}

}  // namespace

std::vector<std::vector<ColumnSide>> columns_of_pairs(std::int32_t classes) {
  std::vector<std::vector<ColumnSide>> of_classes(index(classes));
  std::int32_t column = 0;
  for (std::int32_t a = 0; a < classes; ++a)
    for (std::int32_t b = a + 1; b < classes; ++b, ++column) {
      of_classes[index(a)].push_back({column, true});
      of_classes[index(b)].push_back({column, false});
    }
  return of_classes;
}

namespace {

Sigmoids fit(const Communicator& comm, const SigmoidRows& rows, std::vector<Fitting> all) {
  const std::vector<Sums> first = pass(comm, rows, all);
  for (std::size_t j = 0; j < all.size(); ++j) {
    all[j].at = first[j];
    all[j].aim();
  }
  while (!std::ranges::all_of(all, &Fitting::done)) {
    const std::vector<Sums> tried = pass(comm, rows, all);
    for (std::size_t j = 0; j < all.size(); ++j)
      if (!all[j].done) all[j].judge(tried[j]);
  }
  Sigmoids found;
  for (const Fitting& fit : all) {
    const bool rises = fit.a < 0;
    found.a.push_back(rises ? fit.a : 0);
    found.b.push_back(rises ? fit.b : std::log((fit.negatives + 1) / (fit.positives + 1)));
  }
  return found;
}

}  // namespace

Sigmoids fit_sigmoids(const Communicator& comm, const SigmoidRows& rows) { return fit(comm, rows, start(comm, rows)); }

Sigmoids refit_sigmoids(const Communicator& comm, const SigmoidRows& rows, const Sigmoids& near) {
  std::vector<Fitting> all = start(comm, rows);
  for (std::size_t j = 0; j < all.size(); ++j) {
    all[j].enough = gain_enough_to_compare;
    if (near.a[j] == 0) continue;
    all[j].a = near.a[j];
    all[j].b = near.b[j];
  }
  return fit(comm, rows, std::move(all));
}

}  // namespace svm

Sigmoids fit_sigmoids(const Communicator& comm, std::span<const float> scores, std::span<const std::int32_t> labels,
                      std::int32_t classes) {
  return svm::fit_sigmoids(comm, {scores, labels, {}, classes, {}});
}

}  // namespace pool3
