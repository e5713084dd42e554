#pragma once
// What a search goes by: the score of a fold, and which point is taken.

#include <array>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "pool3/mpi.hpp"

namespace pool3 {

/// All as scikit-learn's metrics of these names.
enum class Scoring : std::uint8_t { accuracy, balanced_accuracy, macro_f1, log_loss };
inline constexpr std::array<std::string_view, 4> scoring_names = {"accuracy", "balanced-accuracy", "macro-f1",
                                                                  "log-loss"};
[[nodiscard]] constexpr std::string_view to_string(Scoring s) { return scoring_names.at(static_cast<std::size_t>(s)); }
/// Throws usage Error.
[[nodiscard]] Scoring parse_scoring(std::string_view name);
/// Of all but the log loss more is better.
[[nodiscard]] constexpr bool more_is_better(Scoring s) { return s != Scoring::log_loss; }

/// Counts of some predictions. Sums of whole numbers: the order of rows and the number of ranks change no bit.
class ScoreCounts {
 public:
  ScoreCounts() = default;
  explicit ScoreCounts(std::int32_t classes);
  /// Adds a row. `probability` of its true class; it matters for the log loss alone. REQUIRES: labels in [0, classes).
  void add(std::int32_t truth, std::int32_t predicted, double probability = 1);
  /// Adds what other ranks have counted. Collective; every rank gets the same.
  void sum(const Communicator& comm);
  [[nodiscard]] std::int64_t rows() const { return counts_[0]; }
  /// REQUIRES: rows() > 0. Balanced accuracy is the mean recall of the classes that occur; macro F1 that of the classes
  /// that occur or are predicted; a log loss takes probabilities below 1e-15 for 1e-15.
  [[nodiscard]] double score(Scoring scoring) const;

 private:
  std::vector<std::int64_t> counts_ = {0, 0};  ///< rows, log loss, then of each class: hits, truths, predictions
};

enum class Choice : std::uint8_t { best, simplest };
inline constexpr std::array<std::string_view, 2> choice_names = {"best", "simplest"};
/// Throws usage Error.
[[nodiscard]] Choice parse_choice(std::string_view name);

/// Standard error of the mean of the folds' scores: sample deviation / sqrt(folds); 0 of fewer than two.
[[nodiscard]] double standard_error(std::span<const double> scores);
/// A point as the choice sees it.
struct Candidate {
  double mean = 0;
  double standard_error = 0;
};
/// Index of the point to take; `points` come from the simplest on. best: the best mean, the first of equals. simplest:
/// the first whose mean is no further than one standard error of the best point from the best mean. Means that are not
/// numbers lose. REQUIRES: a point.
[[nodiscard]] std::size_t choose(std::span<const Candidate> points, Scoring scoring, Choice choice);

}  // namespace pool3
