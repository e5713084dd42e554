#include "selection/point_score.hpp"

#include <Eigen/Core>
#include <algorithm>
#include <cmath>
#include <limits>

#include "pool3/svm/calibration.hpp"
#include "pool3/types.hpp"

namespace pool3::selection {
namespace {

/// Mean and standard deviation of what is a number.
std::pair<double, double> summary(const std::vector<double>& of_folds) {
  std::vector<double> values;
  std::ranges::copy_if(of_folds, std::back_inserter(values), [](double v) { return std::isfinite(v); });
  if (values.empty()) return {0, 0};
  const Eigen::Map<const Eigen::ArrayXd> all(values.data(), std::ssize(values));
  const double mean = all.mean();
  return {mean, std::sqrt((all - mean).square().mean())};
}

/// [folds, classes] whether a class has rows outside of a fold, which its columns could learn. Collective.
std::vector<std::uint8_t> seen_classes(const Communicator& comm, const HeldOutRows& rows, std::int32_t classes,
                                       int folds) {
  std::vector<std::int64_t> inside(index(folds) * index(classes), 0), all(index(classes), 0);
  for (std::size_t i = 0; i < rows.labels.size(); ++i) {
    const std::int32_t fold = rows.folds[i], label = rows.labels[i];
    ++all[index(label)];
    if (fold >= 0 && fold < folds) ++inside[index(fold) * index(classes) + index(label)];
  }
  comm.sum(std::span<std::int64_t>(inside));
  comm.sum(std::span<std::int64_t>(all));
  std::vector<std::uint8_t> seen;
  for (std::size_t at = 0; at < inside.size(); ++at) seen.push_back(inside[at] < all[at % index(classes)] ? 1 : 0);
  return seen;
}

/// The first of the highest scores among classes that were seen. Others say about -1 of all rows.
std::int32_t best_class(std::span<const float> scores, std::span<const std::uint8_t> seen) {
  std::ptrdiff_t best = -1;
  for (std::ptrdiff_t k = 0; k < std::ssize(scores); ++k)
    if (seen[index(k)] != 0 && (best < 0 || scores[index(k)] > scores[index(best)])) best = k;
  return static_cast<std::int32_t>(std::max<std::ptrdiff_t>(best, 0));
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
  const auto seen = seen_classes(comm, rows, classes, options.folds);
  std::vector<ScoreCounts> counts(index(options.folds), ScoreCounts(classes));
  for (std::int64_t i = 0; i < std::ssize(rows.labels); ++i) {
    const std::int32_t fold = rows.folds[index(i)], truth = rows.labels[index(i)];
    if (fold < 0 || fold >= options.folds) continue;
    const auto of_row = std::span(rows.scores).subspan(index(i * classes), index(classes));
    const std::int32_t predicted =
        best_class(of_row, std::span(seen).subspan(index(fold) * index(classes), index(classes)));
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
