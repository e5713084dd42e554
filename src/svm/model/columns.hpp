#pragma once
// The columns of the problem, as every method sees them.

#include <cstdint>
#include <vector>

#include "pool3/svm.hpp"
#include "pool3/types.hpp"

namespace pool3::svm {

/// Columns are padded to a multiple of this, so that vector loops need no tail.
inline constexpr std::int64_t column_unit = 16;
/// Marks a padding column, which never moves.
inline constexpr std::int32_t no_class = -2;

struct ColumnTable {
  std::vector<std::int32_t> positive_class;
  std::vector<std::int32_t> excluded_fold;
  std::vector<float> positive_cost;  ///< C of the positives
  float negative_cost = 1;
  Loss loss = Loss::l2;

  [[nodiscard]] std::int64_t width() const { return static_cast<std::int64_t>(positive_class.size()); }
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

/// Pads the columns, with costs of 1.
[[nodiscard]] ColumnTable make_table(const std::vector<Column>& columns, Loss loss);

}  // namespace pool3::svm
