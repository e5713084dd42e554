#pragma once
// From held-out scores to probabilities: a sigmoid a class, or one temperature for all. For one-vs-one: a sigmoid a
// pair, and coupling of pairs.

#include <cstdint>
#include <span>
#include <vector>

#include "pool3/mpi.hpp"
#include "pool3/svm.hpp"

namespace pool3 {

// Fits. Collective; the same answer on every rank. Scores are [rows, columns] of this rank's rows, each from a fit that
// has not seen the row.

/// Sigmoids [pairs] for columns (0, 1), (0, 2), ..., (1, 2), ..., each from the rows of its two classes, as
/// fit_sigmoids().
[[nodiscard]] Sigmoids fit_pair_sigmoids(const Communicator& comm, std::span<const float> values,
                                         std::span<const std::int32_t> labels, std::int32_t classes);
/// t > 0 such that softmax(t scores) has the lowest cross-entropy. A share of 1 / (rows + 2) of each row's target lies
/// on the other classes, so that scores which are never wrong have a finite t.
[[nodiscard]] double fit_temperature(const Communicator& comm, std::span<const float> scores,
                                     std::span<const std::int32_t> labels, std::int32_t classes);

/// What prediction sets go by (LAC; Sadinle, Lei, Wasserman 2019): probabilities of the true class, of rows that fits
/// had not seen.
struct Coverage {
  std::vector<double> truth;  ///< at most 1,001 of them, rising: in even steps from the least to the most, or all
  std::int64_t rows = 0;      ///< of which they are

  /// A set of all classes with at least this probability holds the true class in this share of like rows, or more.
  /// REQUIRES: rows > 0, 0 < share < 1.
  [[nodiscard]] double threshold(double share) const;
  bool operator==(const Coverage&) const = default;
};

/// One of both; or neither, of a model without probabilities.
struct Calibration {
  Sigmoids sigmoids;       ///< empty, or
  double temperature = 0;  ///< 0
  Coverage coverage;
  bool operator==(const Calibration&) const = default;
};
/// Leaves out a fifth of the folds in turn (those of equal number modulo 5), fits both to the others, and takes the one
/// whose log loss on what was left out is lower; sigmoids by at least a hundredth. `folds` [rows], 0 or above.
[[nodiscard]] Calibration calibrate(const Communicator& comm, std::span<const float> scores,
                                    std::span<const std::int32_t> labels, std::span<const std::int32_t> folds,
                                    std::int32_t classes);

/// Mean log loss over all ranks' rows. Collective. REQUIRES: a temperature or sigmoids, some row.
[[nodiscard]] double log_loss(const Communicator& comm, std::span<const float> scores,
                              std::span<const std::int32_t> labels, std::int32_t classes,
                              const Calibration& calibration);

/// What sets need, from the same held-out scores. A probability counts as the next below it of 65,536 values whose
/// fourth roots are evenly spaced. Collective; the same for any number of ranks.
[[nodiscard]] Coverage fit_coverage(const Communicator& comm, std::span<const float> scores,
                                    std::span<const std::int32_t> labels, std::int32_t classes,
                                    const Calibration& calibration);
/// The same for one-vs-one: decision values [rows, pairs], and the sigmoids of pairs.
[[nodiscard]] Coverage fit_pair_coverage(const Communicator& comm, std::span<const float> values,
                                         std::span<const std::int32_t> labels, std::int32_t classes,
                                         const Sigmoids& of_pairs);

// Use. Not collective. All return probabilities that sum to 1.

/// Of scores [classes] with a temperature. The highest score has the highest probability.
[[nodiscard]] std::vector<double> softmax(std::span<const double> scores, double temperature);
/// Each class's sigmoid, divided by their sum, as scikit-learn's one-vs-rest calibration does.
[[nodiscard]] std::vector<double> normalised_sigmoids(std::span<const double> scores, std::span<const double> a,
                                                      std::span<const double> b);
/// Of scores [classes]. REQUIRES: one of both is there.
[[nodiscard]] std::vector<double> probabilities(const Calibration& calibration, std::span<const double> scores);
/// Of decision values [pairs] and the sigmoids of pairs.
[[nodiscard]] std::vector<double> pair_probabilities(std::span<const double> values, std::span<const double> a,
                                                     std::span<const double> b, std::int32_t classes);
/// Of the pairs' own probabilities [pairs] that it is the first of the two: the second method of Wu, Lin, Weng (2004),
/// which is LIBSVM's. The inputs are kept in [1e-7, 1 - 1e-7].
[[nodiscard]] std::vector<double> couple_pairs(std::span<const double> first, std::int32_t classes);

/// The class of the highest probability; of equal ones, that of the higher score; of equal ones, the first.
[[nodiscard]] std::int32_t most_probable(std::span<const double> probabilities, std::span<const double> scores);

}  // namespace pool3
