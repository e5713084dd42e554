#include "svm/newton/sample_start.hpp"

#include <utility>

namespace pool3::svm {
namespace {

/// Rows, for each feature, from which on a sample is worth its price.
constexpr std::int64_t many_rows_per_feature = 16;
constexpr std::int64_t part = 8;
/// Fall of P in a step that ends it: the sample's optimum is further than this from that of all rows.
constexpr double least_fall = 0.02;

Problem first_rows(const Problem& all, std::int64_t rows) {
  Problem some{.rows = rows, .dim = all.dim, .classes = all.classes};
  if (!all.lent.empty())
    some.lent = all.lent.first(static_cast<std::size_t>(rows * all.dim));
  else if (all.halves.empty())
    some.x.assign(all.x.begin(), all.x.begin() + rows * all.dim);
  else
    some.halves.assign(all.halves.begin(), all.halves.begin() + rows * all.dim);
  some.of_halves = all.of_halves;
  some.labels.assign(all.labels.begin(), all.labels.begin() + rows);
  if (!all.folds.empty()) some.folds.assign(all.folds.begin(), all.folds.begin() + rows);
  if (!all.weights.empty()) some.weights.assign(all.weights.begin(), all.weights.begin() + rows);
  return some;
}

}  // namespace

bool has_many_rows(const Objective& objective) {
  return objective.rows_of_all_ranks() >= many_rows_per_feature * objective.dim();
}

double start_from_sample(const Objective& objective, Matrix<float>& v, const NewtonTools& tools,
                         const StoppingRules& rules) {
  const std::int64_t rows = (objective.rows() + part - 1) / part;
  const double share =
      static_cast<double>(objective.comm.sum(rows)) / static_cast<double>(objective.rows_of_all_ranks());
  const Problem problem = first_rows(objective.problem, rows);
  Objective sample{objective.comm, problem, objective.bias, objective.columns};
  const auto cost = static_cast<float>(1.0 / share);
  sample.columns.negative_cost *= cost;
  for (float& c : sample.columns.positive_cost) c *= cost;
  Iterate<float> iterate = zero_iterate<float>(sample);
  double passes = 0;
  if (has_many_rows(sample)) passes = start_from_sample(sample, iterate.v, tools, rules);
  StoppingRules loose = rules;
  loose.least_fall = least_fall;
  passes += static_cast<double>(newton(sample, iterate, tools, loose, [](const Standing&) {}).passes);
  v = std::move(iterate.v);
  return passes * share;
}

}  // namespace pool3::svm
