#pragma once
// What every method of the solver shares: the columns, and one point of the problem.

#include <cstdint>
#include <vector>

#include "pool3/svm.hpp"

namespace pool3::svm {

[[nodiscard]] inline std::size_t index(std::int64_t i) { return static_cast<std::size_t>(i); }

/// Columns are padded to a multiple of this, so that vector loops need no tail.
inline constexpr std::int64_t column_unit = 16;
/// Marks a padding column, which never moves.
inline constexpr std::int32_t no_class = -2;

/// The columns, padded to a multiple of column_unit.
struct ColumnTable {
  std::vector<std::int32_t> positive_class;
  std::vector<std::int32_t> excluded_fold;
  std::vector<float> positive_cost;  ///< C of the positives
  float negative_cost = 1;
  Loss loss = Loss::l2;

  [[nodiscard]] std::int64_t padded() const { return static_cast<std::int64_t>(positive_class.size()); }
  [[nodiscard]] bool is_positive(std::int64_t column, std::int32_t label) const {
    return positive_class[index(column)] == label;
  }
  /// True if the row counts for the column. `fold` is that of the row.
  [[nodiscard]] bool counts(std::int64_t column, std::int32_t fold) const {
    return positive_class[index(column)] != no_class && excluded_fold[index(column)] != fold;
  }
  /// C of rows of weight 1 with this label.
  [[nodiscard]] float cost(std::int64_t column, std::int32_t label) const {
    return is_positive(column, label) ? positive_cost[index(column)] : negative_cost;
  }
};

/// A point: primal weights on every rank, dual variables of this rank's rows.
struct Point {
  const Communicator& comm;
  const Problem& problem;
  double bias;
  ColumnTable table;
  std::vector<float> w;       ///< [dim, padded]
  std::vector<float> bias_w;  ///< [padded]
  std::vector<float> alpha;   ///< [rows, padded]

  [[nodiscard]] std::int64_t padded() const { return table.padded(); }
  [[nodiscard]] std::int32_t fold(std::int64_t row) const {
    return problem.folds.empty() ? no_class : problem.folds[index(row)];
  }
  [[nodiscard]] float weight(std::int64_t row) const {
    return problem.weights.empty() ? 1.0F : problem.weights[index(row)];
  }
  /// C of a row in a column.
  [[nodiscard]] float cost(std::int64_t column, std::int64_t row) const {
    return weight(row) * table.cost(column, problem.labels[index(row)]);
  }
  /// 1/2 |w|^2 of every column, [padded]. The same on every rank.
  [[nodiscard]] std::vector<double> half_norms() const;
  /// w(a) = sum a y x of these dual variables [rows, padded], summed in double, its bias row last: [dim + 1, padded].
  /// Collective.
  [[nodiscard]] std::vector<double> weights_of_duals(const std::vector<float>& duals) const;
  /// Sets w to w(a), because float updates drift. Collective.
  void rebuild_w();
};

/// Primal and gap of every column, [padded].
struct Certificate {
  std::vector<double> primal, gap;
  [[nodiscard]] double relative_gap() const;
};

/// Exact certificate at w = w(alpha): rebuilds w, then sums in double. Collective.
[[nodiscard]] Certificate certify(Point& point);
/// Exact certificate at this w and this alpha, whatever made them: the gap is then 1/2 |w - w(alpha)|^2 more.
/// Collective.
[[nodiscard]] Certificate certify_pair(const Point& point);

}  // namespace pool3::svm
