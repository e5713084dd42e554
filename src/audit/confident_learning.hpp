#pragma once
// Confident learning (Northcutt, Jiang, Chuang 2021): which labels held-out probabilities contradict.

#include <cstdint>
#include <span>
#include <vector>

namespace pool3::audit {

/// Sums of this rank's rows, which the ranks add up.
struct SelfConfidence {
  std::vector<double> sum;          ///< [classes] of the probability of the row's own class
  std::vector<std::int64_t> count;  ///< [classes]
};
/// `probabilities`: [rows, classes]. REQUIRES: labels in [0, classes).
[[nodiscard]] SelfConfidence self_confidence(std::span<const std::int32_t> labels,
                                             std::span<const double> probabilities, std::int32_t classes);
/// The threshold of each class: the mean; 1 of a class without rows.
[[nodiscard]] std::vector<double> thresholds(const SelfConfidence& of_all);

/// A row that is confidently of another class than its own.
struct Doubt {
  std::int64_t row = 0;  ///< of those given
  std::int32_t suggested = 0;
  double confidence = 0;  ///< of its own label
};
struct ConfidentJoint {
  std::vector<std::int64_t> counts;  ///< [classes, classes] given label, confident class
  std::vector<Doubt> doubts;         ///< in the order of the rows
};
/// A row is confidently of a class whose threshold its probability reaches; of several, of the most probable one. It is
/// doubted where that is not its label, and its label is not its most probable class either.
[[nodiscard]] ConfidentJoint confident_joint(std::span<const std::int32_t> labels,
                                             std::span<const double> probabilities,
                                             std::span<const double> class_thresholds);

/// Two classes that are mixed up.
struct Overlap {
  std::int32_t first = 0, second = 0;
  double rows = 0;   ///< expected number of rows of one that belong to the other
  double share = 0;  ///< of the rows of both
};
/// Pairs with two rows or more of which at least `least_share` of both classes are mixed up, the most first.
/// `class_rows`: rows of each class, to which the lines of the joint are scaled.
[[nodiscard]] std::vector<Overlap> overlaps(std::span<const std::int64_t> joint,
                                            std::span<const std::int64_t> class_rows, double least_share);

}  // namespace pool3::audit
