#pragma once
// Platt's sigmoids for all columns at once: a pass over the rows serves every column that is not done.

#include <cstdint>
#include <span>
#include <vector>

#include "pool3/mpi.hpp"
#include "pool3/svm.hpp"

namespace pool3::svm {

/// A column in which rows of a class count, and on which side.
struct ColumnSide {
  std::int32_t column = 0;
  bool positive = false;
};

/// What the sigmoids are fitted to.
struct SigmoidRows {
  std::span<const float> scores;         ///< [rows, columns]
  std::span<const std::int32_t> labels;  ///< [rows]
  std::vector<std::vector<ColumnSide>>
      columns;  ///< of each class; or empty: one-vs-rest, all rows count in all columns
  std::int64_t column_count = 0;
  std::span<const std::uint8_t> used;  ///< [rows] 1 for rows that count; or empty: all
};
/// One-vs-one: those of its pairs.
[[nodiscard]] std::vector<std::vector<ColumnSide>> columns_of_pairs(std::int32_t classes);

/// See fit_sigmoids(). Collective.
[[nodiscard]] Sigmoids fit_sigmoids(const Communicator& comm, const SigmoidRows& rows);
/// From sigmoids that are near, and only as exact as a comparison of log losses needs. Collective.
[[nodiscard]] Sigmoids refit_sigmoids(const Communicator& comm, const SigmoidRows& rows, const Sigmoids& near);

}  // namespace pool3::svm
