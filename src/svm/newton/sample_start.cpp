#include "svm/newton/sample_start.hpp"

#include <algorithm>
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
  if (all.halves.empty())
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

bool has_many_rows(const Point& point) {
  return point.comm.sum(point.problem.rows) >= many_rows_per_feature * point.problem.dim;
}

double start_from_sample(Point& point, const std::function<const Spectrum&()>& spectrum, const NewtonLimits& limits) {
  const std::int64_t rows = (point.problem.rows + part - 1) / part;
  const double share =
      static_cast<double>(point.comm.sum(rows)) / static_cast<double>(point.comm.sum(point.problem.rows));
  const Problem problem = first_rows(point.problem, rows);
  Point sample{.comm = point.comm, .problem = problem, .bias = point.bias, .table = point.table};
  const auto cost = static_cast<float>(1.0 / share);
  sample.table.negative_cost *= cost;
  for (float& c : sample.table.positive_cost) c *= cost;
  sample.w.assign(point.w.size(), 0.0F);
  sample.bias_w.assign(point.bias_w.size(), 0.0F);
  sample.alpha.assign(index(rows * point.padded()), 0.0F);
  double passes = 0;
  if (has_many_rows(sample)) passes = start_from_sample(sample, spectrum, limits);
  NewtonLimits loose = limits;
  loose.least_fall = least_fall;
  Pair<float> pair = take_pair<float>(sample);
  passes += static_cast<double>(newton(sample, pair, spectrum, loose, [](const NewtonProgress&) {}).products);
  put_pair(sample, std::move(pair));
  point.w = std::move(sample.w);
  point.bias_w = std::move(sample.bias_w);
  return passes * share;
}

}  // namespace pool3::svm
