#pragma once
// What is minimised: P(w) of every column, over the rows of all ranks.

#include "svm/model/columns.hpp"

namespace pool3::svm {

struct Objective {
  const Communicator& comm;
  const Problem& problem;  ///< this rank's rows
  double bias = 1;
  ColumnTable columns;

  [[nodiscard]] std::int64_t width() const { return columns.width(); }
  [[nodiscard]] std::int64_t rows() const { return problem.rows; }
  [[nodiscard]] std::int64_t dim() const { return problem.dim; }
  /// Collective.
  [[nodiscard]] std::int64_t rows_of_all_ranks() const { return comm.sum(problem.rows); }
  [[nodiscard]] std::int32_t label(std::int64_t row) const { return problem.labels[index(row)]; }
  [[nodiscard]] std::int32_t fold(std::int64_t row) const {
    return problem.folds.empty() ? no_class : problem.folds[index(row)];
  }
  [[nodiscard]] float weight(std::int64_t row) const {
    return problem.weights.empty() ? 1.0F : problem.weights[index(row)];
  }
  /// C of a row in a column.
  [[nodiscard]] float cost(std::int64_t column, std::int64_t row) const {
    return weight(row) * columns.cost(column, label(row));
  }
  /// y of a row in a column.
  [[nodiscard]] float sign(std::int64_t column, std::int64_t row) const {
    return columns.is_positive(column, label(row)) ? 1.0F : -1.0F;
  }
};

}  // namespace pool3::svm
