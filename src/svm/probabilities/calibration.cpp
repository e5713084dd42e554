#include "pool3/svm/calibration.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>

#include "pool3/types.hpp"
#include "svm/probabilities/sigmoid.hpp"
#include "svm/probabilities/softmax_sums.hpp"

namespace pool3 {
namespace {

/// In units of the scores' spread.
constexpr double least_temperature = 0x1p-10, most_temperature = 0x1p10;
constexpr double least_probability = 1e-15;
constexpr double sigmoids_must_gain = 0.99;
constexpr int fold_groups = 5;  // each is left out once

/// Scores with the rows of them that count.
struct Sample {
  std::span<const float> scores;
  std::span<const std::int32_t> labels;
  std::int32_t classes;
  std::span<const std::uint8_t> used;  ///< [rows]; or empty: all

  [[nodiscard]] std::span<const float> row(std::size_t i) const {
    return scores.subspan(i * index(classes), index(classes));
  }
  template <typename Use>
  void for_each(const Use& use) const {
    for (std::size_t i = 0; i < labels.size(); ++i)
      if (used.empty() || used[i] != 0) use(row(i), labels[i]);
  }
};

/// First and second derivative of the cross-entropy by the temperature, over all ranks.
struct Derivatives {
  double first, second;
};
Derivatives derivatives(const Communicator& comm, const Sample& sample, double t, double share_of_others) {
  std::array<double, 2> sums{};
  sample.for_each([&](std::span<const float> f, std::int32_t label) {
    const float top = *std::ranges::max_element(f);
    const auto [weight, first, second, all] = svm::softmax_sums(f, top, t);
    const double mean = first / weight, own = static_cast<double>(f[index(label)]) - static_cast<double>(top);
    const double others = f.size() > 1 ? (all - own) / static_cast<double>(f.size() - 1) : own;
    sums[0] += mean - (1 - share_of_others) * own - share_of_others * others;
    sums[1] += second / weight - mean * mean;
  });
  comm.sum(std::span<double>(sums));
  return {sums[0], sums[1]};
}

/// How far the highest score of a row is above the mean of its scores, as a mean over all ranks' rows: with a small C
/// that is little. A power of two, so that the order of summing tells nothing; 1 where it is about 1.
double spread_of(const Communicator& comm, const Sample& sample) {
  constexpr double usual = 16;
  std::array<double, 2> sums{};
  sample.for_each([&](std::span<const float> f, std::int32_t) {
    double all = 0;
    for (const float v : f) all += static_cast<double>(v);
    sums[0] += static_cast<double>(*std::ranges::max_element(f)) - all / static_cast<double>(f.size());
    ++sums[1];
  });
  comm.sum(std::span<double>(sums));
  const double spread = sums[1] > 0 ? sums[0] / sums[1] : 1;
  if (!(spread > 0) || !std::isfinite(spread) || (spread < usual && spread > 1 / usual)) return 1;
  return std::ldexp(1.0, std::ilogb(spread));
}

double fit(const Communicator& comm, const Sample& sample, double near = 0) {
  std::int64_t rows = 0;
  sample.for_each([&](auto, auto) { ++rows; });
  const double share = 1 / (static_cast<double>(comm.sum(rows)) + 2), spread = spread_of(comm, sample);
  // The first derivative rises with t.
  double low = least_temperature / spread, high = most_temperature / spread, t = near > 0 ? near : 1 / spread;
  for (int step = 0; step < 60 && high / low > 1 + 1e-12; ++step) {
    const Derivatives d = derivatives(comm, sample, t, share);
    (d.first > 0 ? high : low) = t;
    const double newton = t - d.first / d.second;
    const double next = newton > low && newton < high ? newton : std::sqrt(low * high);
    if (std::abs(next / t - 1) < 1e-9) return next;
    t = next;
  }
  return t;
}

/// Sum of the log losses of the rows that count, over all ranks.
double log_loss(const Communicator& comm, const Sample& sample, const Calibration& calibration) {
  double loss = 0;
  sample.for_each([&](std::span<const float> f, std::int32_t label) {
    const std::vector<double> scores(f.begin(), f.end());
    loss -= std::log(std::max(probabilities(calibration, scores)[index(label)], least_probability));
  });
  return comm.sum(loss);
}

struct Losses {
  double sigmoids = 0, temperature = 0;
};
/// Of calibrations that are fitted to the folds of the other groups. `all`: fitted to all of them, and so near.
Losses held_out_losses(const Communicator& comm, Sample sample, std::span<const std::int32_t> folds,
                       const Calibration& all) {
  Losses losses;
  std::vector<std::uint8_t> fitted(folds.size()), judged(folds.size());
  for (int group = 0; group < fold_groups; ++group) {
    for (std::size_t i = 0; i < folds.size(); ++i) {
      judged[i] = folds[i] % fold_groups == group ? 1 : 0;
      fitted[i] = 1 - judged[i];
    }
    sample.used = fitted;
    const Calibration sigmoids{
        svm::refit_sigmoids(comm, {sample.scores, sample.labels, {}, sample.classes, fitted}, all.sigmoids), 0, {}};
    const Calibration temperature{{}, fit(comm, sample, all.temperature), {}};
    sample.used = judged;
    losses.sigmoids += log_loss(comm, sample, sigmoids);
    losses.temperature += log_loss(comm, sample, temperature);
  }
  return losses;
}

std::vector<double> divided_by_sum(std::vector<double> p) {
  const double sum = std::accumulate(p.begin(), p.end(), 0.0);
  for (double& v : p) v = sum > 0 ? v / sum : 1.0 / static_cast<double>(p.size());
  return p;
}

}  // namespace

Sigmoids fit_pair_sigmoids(const Communicator& comm, std::span<const float> values,
                           std::span<const std::int32_t> labels, std::int32_t classes) {
  const std::int64_t pairs = std::int64_t{classes} * (classes - 1) / 2;
  return svm::fit_sigmoids(comm, {values, labels, svm::columns_of_pairs(classes), pairs, {}});
}

double fit_temperature(const Communicator& comm, std::span<const float> scores, std::span<const std::int32_t> labels,
                       std::int32_t classes) {
  return fit(comm, {scores, labels, classes, {}});
}

Calibration calibrate(const Communicator& comm, std::span<const float> scores, std::span<const std::int32_t> labels,
                      std::span<const std::int32_t> folds, std::int32_t classes) {
  const Calibration both{
      fit_sigmoids(comm, scores, labels, classes), fit_temperature(comm, scores, labels, classes), {}};
  const Losses losses = held_out_losses(comm, {scores, labels, classes, {}}, folds, both);
  if (losses.sigmoids < sigmoids_must_gain * losses.temperature) return {both.sigmoids, 0, {}};
  return {{}, both.temperature, {}};
}

double log_loss(const Communicator& comm, std::span<const float> scores, std::span<const std::int32_t> labels,
                std::int32_t classes, const Calibration& calibration) {
  const double sum = log_loss(comm, Sample{scores, labels, classes, {}}, calibration);
  return sum / static_cast<double>(comm.sum(std::ssize(labels)));
}

std::vector<double> softmax(std::span<const double> scores, double temperature) {
  const double top = *std::ranges::max_element(scores);
  std::vector<double> p;
  p.reserve(scores.size());
  for (const double s : scores) p.push_back(std::exp(temperature * (s - top)));
  return divided_by_sum(std::move(p));
}

std::vector<double> normalised_sigmoids(std::span<const double> scores, std::span<const double> a,
                                        std::span<const double> b) {
  std::vector<double> p;
  p.reserve(scores.size());
  for (std::size_t k = 0; k < scores.size(); ++k) p.push_back(1 / (1 + std::exp(a[k] * scores[k] + b[k])));
  return divided_by_sum(std::move(p));
}

std::vector<double> probabilities(const Calibration& calibration, std::span<const double> scores) {
  if (calibration.temperature > 0) return softmax(scores, calibration.temperature);
  return normalised_sigmoids(scores, calibration.sigmoids.a, calibration.sigmoids.b);
}

std::int32_t most_probable(std::span<const double> probabilities, std::span<const double> scores) {
  std::size_t best = 0;
  for (std::size_t k = 1; k < scores.size(); ++k) {
    const bool ties = probabilities[k] == probabilities[best];
    if (probabilities[k] > probabilities[best] || (ties && scores[k] > scores[best])) best = k;
  }
  return static_cast<std::int32_t>(best);
}

}  // namespace pool3
