#include <algorithm>
#include <cmath>

#include "pool3/svm/calibration.hpp"
#include "pool3/types.hpp"

namespace pool3 {
namespace {

constexpr std::int64_t steps = 1000;
constexpr std::int64_t bins = 65'536;

/// The bin of a probability, and the least that is in one. Small ones matter: a set that nearly always holds the truth
/// goes down to these.
std::int64_t bin_of(double p) {
  const auto bin = static_cast<std::int64_t>(std::sqrt(std::sqrt(p)) * static_cast<double>(bins));
  return std::clamp<std::int64_t>(bin, 0, bins - 1);
}
double least_of(std::int64_t bin) { return std::pow(static_cast<double>(bin) / static_cast<double>(bins), 4); }

/// Which of `rows` values in order is at a step.
std::int64_t place_of(std::int64_t step, std::int64_t count, std::int64_t rows) {
  return count > 1 ? step * (rows - 1) / (count - 1) : 0;
}

}  // namespace

namespace {

/// How many rows have a probability of their own class in each bin. `of_row`: probabilities by a row's values.
template <typename OfRow>
std::vector<std::int64_t> count_bins(std::span<const float> values, std::size_t columns,
                                     std::span<const std::int32_t> labels, const OfRow& of_row) {
  std::vector<std::int64_t> counts(index(bins), 0);
  for (std::size_t i = 0; i < labels.size(); ++i) {
    const auto some = values.subspan(i * columns, columns);
    ++counts[index(bin_of(of_row(std::vector<double>(some.begin(), some.end()))[index(labels[i])]))];
  }
  return counts;
}

Coverage coverage_of(const Communicator& comm, std::vector<std::int64_t> counts) {
  comm.sum(std::span<std::int64_t>(counts));
  Coverage found;
  for (const std::int64_t n : counts) found.rows += n;
  const std::int64_t count = std::min(found.rows, steps + 1);
  std::int64_t bin = 0, below = 0;  // rows in bins before this one
  for (std::int64_t step = 0; step < count; ++step) {
    const std::int64_t place = place_of(step, count, found.rows);
    while (below + counts[index(bin)] <= place) below += counts[index(bin++)];
    found.truth.push_back(least_of(bin));
  }
  return found;
}

}  // namespace

Coverage fit_coverage(const Communicator& comm, std::span<const float> scores, std::span<const std::int32_t> labels,
                      std::int32_t classes, const Calibration& calibration) {
  return coverage_of(comm, count_bins(scores, index(classes), labels, [&](const std::vector<double>& values) {
                       return probabilities(calibration, values);
                     }));
}

Coverage fit_pair_coverage(const Communicator& comm, std::span<const float> values,
                           std::span<const std::int32_t> labels, std::int32_t classes, const Sigmoids& of_pairs) {
  const std::size_t pairs = index(classes) * (index(classes) - 1) / 2;
  return coverage_of(comm, count_bins(values, pairs, labels, [&](const std::vector<double>& of_row) {
                       return pair_probabilities(of_row, of_pairs.a, of_pairs.b, classes);
                     }));
}

/// Of n like rows and one more, each is as likely to be the k-th from below: less than k/(n + 1) of them lie below the
/// k-th. Between steps, the one below.
double Coverage::threshold(double share) const {
  const auto k = static_cast<std::int64_t>(std::floor((static_cast<double>(rows) + 1) * (1 - share) * (1 + 1e-12)));
  if (k < 1) return 0;
  const auto count = std::ssize(truth);
  std::int64_t step = count - 1;
  while (step > 0 && place_of(step, count, rows) > k - 1) --step;
  return truth[index(step)];
}

}  // namespace pool3
