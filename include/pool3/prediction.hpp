#pragma once
// What a model says of rows: decision values and scores, the same for both kernels.

#include <memory>
#include <span>
#include <vector>

#include "pool3/model.hpp"

namespace pool3 {

/// Computes decision values. A row's values do not depend on which rows come with it, nor on the number of threads.
class Scorer {
 public:
  /// `model` must outlive it. `threads` of the matrix products (of this process).
  explicit Scorer(const Model& model, int threads = 1);
  ~Scorer();
  Scorer(const Scorer&) = delete;
  Scorer& operator=(const Scorer&) = delete;

  /// [rows, model.columns()] of raw features [rows, width]. Not collective.
  [[nodiscard]] std::vector<double> decision_values(std::span<const float> x) const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

/// Scores [rows, classes], the highest of which wins, the first of equals. One-vs-rest: the decision values.
/// One-vs-one: votes, and less than half a vote of the summed values, as scikit-learn's decision_function has it.
[[nodiscard]] std::vector<double> class_scores(const Model& model, std::vector<double> decision_values);

}  // namespace pool3
