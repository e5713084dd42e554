#pragma once
// What a model says of rows: decision values and scores, the same for both kernels.

#include <memory>
#include <span>
#include <vector>

#include "pool3/store/model.hpp"

namespace pool3 {

/// Computes decision values. A row's values do not depend on which rows come with it, nor on the number of threads.
class Scorer {
 public:
  /// `model` must outlive it. `threads` of the matrix products (of this process).
  explicit Scorer(const Model& model, int threads = 1);
  ~Scorer();
  Scorer(const Scorer&) = delete;
  Scorer& operator=(const Scorer&) = delete;

  /// [rows, model.columns()] of raw features [rows, width], all finite. Not collective. Throws Error.
  [[nodiscard]] std::vector<double> decision_values(std::span<const float> x) const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

/// Scores [rows, classes], the highest of which wins, the first of equals. One-vs-rest: the decision values.
/// One-vs-one: votes, and less than half a vote of the summed values, as scikit-learn's decision_function has it.
[[nodiscard]] std::vector<double> class_scores(const Model& model, std::vector<double> decision_values);

/// True if the model says probabilities. Those of older models whose sigmoids fall where scores rise don't count.
[[nodiscard]] bool has_probabilities(const Model& model);

/// What a model says of one row.
struct Verdict {
  std::vector<double> scores;         ///< [classes]
  std::vector<double> probabilities;  ///< [classes], sum 1; empty if the model has none
  std::int32_t predicted = 0;         ///< the most probable class; of equals, and without probabilities, by scores
  /// All classes, from the predicted one down.
  [[nodiscard]] std::vector<std::int32_t> ranking() const;
};
/// Of the decision values [columns()] of one row.
[[nodiscard]] Verdict verdict(const Model& model, std::span<const double> decision_values);

/// True if the model knows what prediction sets need.
[[nodiscard]] bool has_sets(const Model& model);
/// The least probability of a class in a set, for sets that hold the true class of this share of rows like those that
/// the model was trained on. REQUIRES: has_sets(), 0 < coverage < 1.
[[nodiscard]] double set_threshold(const Model& model, double coverage);
/// The classes with that probability or more, the most probable first; at least one. REQUIRES: has_sets().
[[nodiscard]] std::vector<std::int32_t> prediction_set(const Verdict& said, double threshold);

}  // namespace pool3
