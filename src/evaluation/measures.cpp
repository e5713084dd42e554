#include "pool3/evaluation/measures.hpp"

#include <algorithm>
#include <cmath>

#include "pool3/mpi/gather.hpp"

namespace pool3 {
namespace {

constexpr double least_probability = 1e-15;

/// Every rank's rows, in their order, on the root.
std::vector<RowResult> gathered(const Communicator& comm, const std::vector<RowResult>& rows) {
  std::vector<RowResult> all = gather_items(comm, rows);
  std::ranges::sort(all, {}, &RowResult::row);
  return all;
}

std::size_t bin_of(double confidence) {
  const double place = std::ceil(confidence * reliability_bins) - 1;
  return static_cast<std::size_t>(std::clamp(place, 0.0, reliability_bins - 1.0));
}

std::vector<ReliabilityBin> reliability_of(const std::vector<RowResult>& rows) {
  std::vector<ReliabilityBin> bins(reliability_bins);
  for (const RowResult& row : rows) {
    ReliabilityBin& bin = bins[bin_of(row.confidence)];
    ++bin.rows;
    bin.confidence += row.confidence;
    bin.accuracy += row.correct ? 1 : 0;
  }
  for (std::size_t i = 0; i < bins.size(); ++i) {
    ReliabilityBin& bin = bins[i];
    bin.low = static_cast<double>(i) / reliability_bins;
    bin.high = static_cast<double>(i + 1) / reliability_bins;
    if (bin.rows == 0) continue;
    bin.confidence /= static_cast<double>(bin.rows);
    bin.accuracy /= static_cast<double>(bin.rows);
  }
  return bins;
}

void measure_probabilities(Measures& m, const std::vector<RowResult>& rows) {
  const auto n = static_cast<double>(rows.size());
  for (const RowResult& row : rows) {
    m.log_loss -= std::log(std::clamp(row.of_truth, least_probability, 1.0)) / n;
    m.brier += row.squared_error / n;
  }
  m.reliability = reliability_of(rows);
  for (const ReliabilityBin& bin : m.reliability)
    m.calibration_error += std::abs(bin.confidence - bin.accuracy) * static_cast<double>(bin.rows) / n;
}

}  // namespace

RowResult row_result(std::int64_t row, std::int32_t truth, std::int32_t predicted,
                     std::span<const std::int32_t> ranking, std::span<const double> probabilities) {
  const auto place = std::ranges::find(ranking, truth) - ranking.begin();
  RowResult result{.row = row, .correct = truth == predicted, .place = static_cast<std::int32_t>(place)};
  if (probabilities.empty()) return result;
  result.confidence = probabilities[static_cast<std::size_t>(predicted)];
  result.of_truth = probabilities[static_cast<std::size_t>(truth)];
  for (std::size_t k = 0; k < probabilities.size(); ++k) {
    const double error = probabilities[k] - (static_cast<std::int32_t>(k) == truth ? 1 : 0);
    result.squared_error += error * error;
  }
  return result;
}

double binomial_probability(std::int64_t hits, std::int64_t of, double p) {
  const auto n = static_cast<double>(of), h = static_cast<double>(hits);
  return std::exp(std::lgamma(n + 1) - std::lgamma(h + 1) - std::lgamma(n - h + 1) + h * std::log(p) +
                  (n - h) * std::log1p(-p));
}

// Hits of a resample are binomial: each of its rows is one of the `hits` with probability hits / rows.
Interval bootstrap_interval(std::int64_t hits, std::int64_t rows) {
  const auto n = static_cast<double>(rows);
  // With this accuracy, all rows are right in 1 of 40 draws.
  const double bound = std::pow(0.025, 1 / n);
  if (hits == rows) return {bound, 1};
  if (hits == 0) return {0, 1 - bound};
  const double p = static_cast<double>(hits) / n;
  Interval found;
  double below = 0;
  bool low = false;
  // Farther than 12 deviations below the mean there is nothing to add.
  const auto first = static_cast<std::int64_t>(std::max(0.0, std::floor(n * p - 12 * std::sqrt(n * p * (1 - p)) - 12)));
  for (std::int64_t k = first; k <= rows; ++k) {
    const auto h = static_cast<double>(k);
    below += binomial_probability(k, rows, p);
    if (!low && below >= 0.025) {
      found.low = h / n;
      low = true;
    }
    found.high = h / n;
    if (below >= 0.975) break;
  }
  return found;
}

Measures measure(const Communicator& comm, const std::vector<RowResult>& mine, bool probabilities) {
  const std::vector<RowResult> rows = gathered(comm, mine);
  if (rows.empty()) return {};
  const std::int64_t hits = std::ranges::count_if(rows, &RowResult::correct);
  const std::int64_t near = std::ranges::count_if(rows, [](const RowResult& r) { return r.place < 5; });
  Measures m{.accuracy_interval = bootstrap_interval(hits, std::ssize(rows)),
             .top5_accuracy = static_cast<double>(near) / static_cast<double>(rows.size()),
             .probabilities = probabilities};
  if (probabilities) measure_probabilities(m, rows);
  m.sets = std::ranges::all_of(rows, [](const RowResult& r) { return r.set_size > 0; });
  for (const RowResult& r : rows) {
    m.covered += r.place < r.set_size ? 1 : 0;
    m.mean_set_size += r.set_size;
  }
  m.covered /= static_cast<double>(rows.size());
  m.mean_set_size /= static_cast<double>(rows.size());
  return m;
}

}  // namespace pool3
