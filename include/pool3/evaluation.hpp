#pragma once
// How good a classifier is: accuracy, confusion matrix, per-class report.

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "pool3/mpi.hpp"

namespace pool3 {

/// Of one class, or a mean over classes.
struct ClassScores {
  double precision = 0, recall = 0, f1 = 0;
  std::int64_t support = 0;  ///< rows whose true class it is
};

/// What a classifier has said of some rows, as scikit-learn scores it. K: the number of classes.
struct Evaluation {
  std::vector<std::string> classes;
  std::vector<std::int64_t> confusion;  ///< [K, K]: row true class, column predicted class
  double accuracy = 0;
  double balanced_accuracy = 0;        ///< mean recall of the classes with support
  std::vector<ClassScores> per_class;  ///< [K]
  ClassScores macro;                   ///< mean over classes with support or predictions
  ClassScores weighted;                ///< mean weighted by support
};

/// Counts (truth, predicted) pairs of all ranks. Labels are in [0, classes). A ratio without a denominator is 0, as
/// in scikit-learn. Collective; every rank gets the same.
[[nodiscard]] Evaluation evaluate_predictions(const Communicator& comm, const std::vector<std::string>& classes,
                                              std::span<const std::int32_t> truth,
                                              std::span<const std::int32_t> predicted);

/// The same from counts [K, K] that are there already. REQUIRES: none is negative. Not collective.
[[nodiscard]] Evaluation evaluate_counts(const std::vector<std::string>& classes, std::vector<std::int64_t> counts);

/// The per-class table, laid out as scikit-learn's classification_report (classes that neither occur nor are
/// predicted are left out).
[[nodiscard]] std::string classification_report(const Evaluation& evaluation);

}  // namespace pool3
