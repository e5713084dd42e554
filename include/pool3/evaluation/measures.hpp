#pragma once
// How good a classifier's probabilities are, and how sure its accuracy is.

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "pool3/evaluation.hpp"
#include "pool3/mpi.hpp"

namespace pool3 {

/// A row, as far as the measures look at it.
struct RowResult {
  std::int64_t row = 0;  ///< of the file: sums run in this order
  bool correct = false;
  std::int32_t place = 0;     ///< of the true class in the ranking; 0 is first
  double confidence = 0;      ///< probability of the predicted class
  double of_truth = 0;        ///< probability of the true class
  double squared_error = 0;   ///< sum over the classes of (probability - 1 or 0)^2
  std::int32_t set_size = 0;  ///< classes in the prediction set; 0: there is none
};
/// `ranking`: classes, the best first; those behind the true one don't matter. `probabilities` [classes], or empty:
/// then what is made of them stays 0.
[[nodiscard]] RowResult row_result(std::int64_t row, std::int32_t truth, std::int32_t predicted,
                                   std::span<const std::int32_t> ranking, std::span<const double> probabilities);

/// Rows whose confidence is in (low, high]; 0 belongs to the first.
struct ReliabilityBin {
  double low = 0, high = 0;
  std::int64_t rows = 0;
  double confidence = 0, accuracy = 0;  ///< means; 0 without rows
};
inline constexpr int reliability_bins = 15;

/// Of exactly `hits` hits in `of` trials that hit with probability `p`. REQUIRES: 0 <= hits <= of, 0 < p < 1.
[[nodiscard]] double binomial_probability(std::int64_t hits, std::int64_t of, double p);

/// Both ends belong to it.
struct Interval {
  double low = 0, high = 0;
};
/// The middle 95 % of what the accuracy is in endlessly many resamples of the rows, of which `hits` are right. Where
/// all or none are, resamples say nothing: the exact bound (Clopper, Pearson). REQUIRES: 0 <= hits <= rows, rows > 0.
[[nodiscard]] Interval bootstrap_interval(std::int64_t hits, std::int64_t rows);

struct Measures {
  Interval accuracy_interval;
  double top5_accuracy = 0;
  bool probabilities = false;               ///< those that follow are there
  double log_loss = 0;                      ///< mean of -log(probability of the true class), at least 1e-15
  double brier = 0;                         ///< mean of squared_error: from 0 to 2
  double calibration_error = 0;             ///< mean over rows of |confidence - accuracy| of their bin
  std::vector<ReliabilityBin> reliability;  ///< [reliability_bins]
  bool sets = false;                        ///< those that follow are there
  double coverage = 0;                      ///< what the sets are to have: set by the caller
  double covered = 0;                       ///< share of the rows whose set holds the true class
  double mean_set_size = 0;
};
/// From this rank's rows. The same to the last bit for any number of ranks. Collective; the root alone gets them.
/// REQUIRES: some rank has rows.
[[nodiscard]] Measures measure(const Communicator& comm, const std::vector<RowResult>& mine, bool probabilities);

/// Two classes of which the first is taken for the second.
struct ConfusedPair {
  std::int32_t truth = 0, predicted = 0;
  std::int64_t rows = 0;
};
/// The most frequent errors, the most frequent first; of equals in order of classes.
[[nodiscard]] std::vector<ConfusedPair> most_confused(const Evaluation& evaluation, std::size_t most);

/// The matrix as text: a line a true class, a column a predicted one. "" if a line has more than `columns` characters.
[[nodiscard]] std::string confusion_table(const Evaluation& evaluation, std::size_t columns);
/// The matrix as CSV: a header of predicted classes, then a line a true class with its name in front.
[[nodiscard]] std::string confusion_csv(const Evaluation& evaluation);
/// A field of a CSV: in quotes where it has to be.
[[nodiscard]] std::string csv_field(const std::string& text);

/// JSON of the whole evaluation. `rows`: which they are, "held-out", "training" or "all".
[[nodiscard]] std::string to_json(const Evaluation& evaluation, const Measures& measures, const std::string& rows);

/// What to_json() has written.
struct SavedEvaluation {
  Evaluation evaluation;
  Measures measures;
  std::string rows;
};
/// Throws Error without a path: it is something else.
[[nodiscard]] SavedEvaluation evaluation_of_json(const std::string& json);

}  // namespace pool3
