#include "svm/sigmoid.hpp"

#include <algorithm>
#include <array>
#include <cmath>

#include "pool3/types.hpp"

namespace pool3 {
namespace svm {
namespace {

constexpr int max_iterations = 100;
constexpr double smallest_step = 1e-10;
constexpr double ridge = 1e-12;  // keeps the Hessian positive definite
constexpr double gradient_enough = 1e-5;
constexpr double gain_enough = 1e-12;  // of the cross-entropy: rounding hides more
constexpr double gain_enough_to_compare = 1e-6;

/// Cross-entropy and its derivatives.
enum Sum : std::size_t { value, g_a, g_b, h_aa, h_bb, h_ab, sums };
using Sums = std::array<double, sums>;

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

/// A sum of log(1 + e) with one logarithm for many: products of numbers in [1, 2].
class SumOfLogs {
 public:
  void add(double e) {
    product_ *= 1 + e;
    if (product_ > 0x1p1000) flush();
  }
  [[nodiscard]] double value() {
    flush();
    return sum_;
  }

 private:
  void flush() {
    sum_ += std::log(product_);
    product_ = 1;
  }
  double product_ = 1, sum_ = 0;
};

void add(Sums& s, SumOfLogs& logs, double f, double target, double a, double b) {
  const double z = f * a + b, e = std::exp(-std::abs(z));
  const double p = z >= 0 ? e / (1 + e) : 1 / (1 + e), curve = p * (1 - p);
  s[value] += z >= 0 ? target * z : (target - 1) * z;
  logs.add(e);
  s[g_a] += f * (target - p);
  s[g_b] += target - p;
  s[h_aa] += f * f * curve;
  s[h_bb] += curve;
  s[h_ab] += f * curve;
}

/// Calls `use(row, column, positive)` for all that count.
template <typename Use>
void for_each_entry(const SigmoidRows& rows, const Use& use) {
  for (std::size_t i = 0; i < rows.labels.size(); ++i) {
    if (!rows.used.empty() && rows.used[i] == 0) continue;
    for (const ColumnSide& c : rows.columns[index(rows.labels[i])]) use(i, index(c.column), c.positive);
  }
}

/// Rows of both sides of each column, targets, and where all start: at the sigmoid that looks at no score.
std::vector<Fitting> start(const Communicator& comm, const SigmoidRows& rows) {
  std::vector<std::int64_t> counts(2 * index(rows.column_count), 0);
  for_each_entry(rows,
                 [&](std::size_t, std::size_t column, bool positive) { ++counts[2 * column + (positive ? 0 : 1)]; });
  comm.sum(std::span<std::int64_t>(counts));
  std::vector<Fitting> all(index(rows.column_count));
  for (std::size_t j = 0; j < all.size(); ++j) {
    Fitting& fit = all[j];
    fit.positives = static_cast<double>(counts[2 * j]);
    fit.negatives = static_cast<double>(counts[2 * j + 1]);
    fit.targets = {(fit.positives + 1) / (fit.positives + 2), 1 / (fit.negatives + 2)};
    fit.b = std::log((fit.negatives + 1) / (fit.positives + 1));
  }
  return all;
}

/// Sums of each column that is not done at its trial, over all ranks.
std::vector<Sums> pass(const Communicator& comm, const SigmoidRows& rows, const std::vector<Fitting>& all) {
  std::vector<double> flat(all.size() * sums, 0.0);
  std::vector<Sums> of_columns(all.size(), Sums{});
  std::vector<SumOfLogs> logs(all.size());
  for_each_entry(rows, [&](std::size_t row, std::size_t column, bool positive) {
    const Fitting& fit = all[column];
    if (fit.done) return;
    add(of_columns[column], logs[column], static_cast<double>(rows.scores[row * all.size() + column]),
        positive ? fit.targets.high : fit.targets.low, fit.trial_a(), fit.trial_b());
  });
  for (std::size_t j = 0; j < all.size(); ++j) {
    of_columns[j][value] += logs[j].value();
    std::ranges::copy(of_columns[j], &flat[j * sums]);
  }
  comm.sum(std::span<double>(flat));
  for (std::size_t j = 0; j < all.size(); ++j) {
    std::copy_n(&flat[j * sums], sums, of_columns[j].begin());
    of_columns[j][h_aa] += ridge;
    of_columns[j][h_bb] += ridge;
  }
  return of_columns;
}

}  // namespace

std::vector<std::vector<ColumnSide>> columns_of_classes(std::int32_t classes) {
  std::vector<std::vector<ColumnSide>> of_classes(index(classes));
  for (std::int32_t k = 0; k < classes; ++k)
    for (std::int32_t column = 0; column < classes; ++column) of_classes[index(k)].push_back({column, column == k});
  return of_classes;
}

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
  return svm::fit_sigmoids(comm, {scores, labels, svm::columns_of_classes(classes), classes, {}});
}

}  // namespace pool3
