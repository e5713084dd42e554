#include "selection/point_score.hpp"

#include <Eigen/Core>
#include <algorithm>
#include <cmath>
#include <limits>

#include "pool3/svm/calibration.hpp"

namespace pool3::selection {
namespace {

std::size_t index(std::int64_t i) { return static_cast<std::size_t>(i); }

/// Mean and standard deviation of what is a number.
std::pair<double, double> summary(const std::vector<double>& of_folds) {
  std::vector<double> values;
  std::ranges::copy_if(of_folds, std::back_inserter(values), [](double v) { return std::isfinite(v); });
  if (values.empty()) return {0, 0};
  const Eigen::Map<const Eigen::ArrayXd> all(values.data(), std::ssize(values));
  const double mean = all.mean();
  return {mean, std::sqrt((all - mean).square().mean())};
}

}  // namespace

std::vector<double> sorted_grid(std::vector<double> grid) {
  std::sort(grid.begin(), grid.end());
  grid.erase(std::unique(grid.begin(), grid.end()), grid.end());
  return grid;
}

std::vector<SearchPoint> grid_of(const SearchOptions& options, const std::vector<double>& gammas) {
  std::vector<SearchPoint> points;
  const auto grid = sorted_grid(options.C);
  if (options.linear)
    for (const double C : grid) points.push_back({.C = C});
  for (const double gamma : gammas)
    for (const double C : grid) points.push_back({.kernel = Kernel::rbf, .gamma = gamma, .C = C});
  return points;
}

std::vector<std::int64_t> count_rows(std::span<const std::int32_t> fold_of_row, int folds) {
  std::vector<std::int64_t> counts(index(folds), 0);
  for (const std::int32_t fold : fold_of_row)
    if (fold >= 0 && fold < folds) ++counts[index(fold)];
  return counts;
}

/// Probabilities, for the log loss alone, are those of one temperature for all folds: one number can't learn the rows.
void score_point(const Communicator& comm, const HeldOutRows& rows, std::int32_t classes, const SearchOptions& options,
                 SearchPoint& point) {
  const bool wants_probabilities = options.scoring == Scoring::log_loss;
  const double temperature = wants_probabilities ? fit_temperature(comm, rows.scores, rows.labels, classes) : 0.0;
  std::vector<ScoreCounts> counts(index(options.folds), ScoreCounts(classes));
  for (std::int64_t i = 0; i < std::ssize(rows.labels); ++i) {
    const std::int32_t fold = rows.folds[index(i)], truth = rows.labels[index(i)];
    if (fold < 0 || fold >= options.folds) continue;
    const auto of_row = std::span(rows.scores).subspan(index(i * classes), index(classes));
    const auto predicted = static_cast<std::int32_t>(std::ranges::max_element(of_row) - of_row.begin());
    double probability = 1;
    if (wants_probabilities)
      probability = softmax(std::vector<double>(of_row.begin(), of_row.end()), temperature)[index(truth)];
    counts[index(fold)].add(truth, predicted, probability);
  }
  for (ScoreCounts& c : counts) {
    c.sum(comm);
    const bool any = c.rows() > 0;
    point.fold_accuracy.push_back(any ? c.score(Scoring::accuracy) : std::numeric_limits<double>::quiet_NaN());
    point.fold_scores.push_back(any ? c.score(options.scoring) : std::numeric_limits<double>::quiet_NaN());
  }
  std::tie(point.mean, point.deviation) = summary(point.fold_accuracy);
  point.score = summary(point.fold_scores).first;
  for (double& a : point.fold_accuracy)
    if (!std::isfinite(a)) a = -1;
}

}  // namespace pool3::selection
