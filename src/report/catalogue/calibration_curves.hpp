#pragma once
// How far a model's probabilities can be trusted, as curves.

#include <cstdint>
#include <span>
#include <vector>

#include "pool3/report/catalogue_page.hpp"

namespace pool3::report {

/// Rows of like confidence.
struct ReliabilityPoint {
  std::int64_t rows = 0;
  double confidence = 0, accuracy = 0;  ///< means
  Interval interval;                    ///< 95 %, of the accuracy
};
/// `bins` of as many rows each, by rising confidence; fewer if there are fewer than ten rows for each. Rows without
/// confidence don't count.
[[nodiscard]] std::vector<ReliabilityPoint> reliability_curve(std::span<const JudgedRow> rows, std::int64_t bins);

/// The surest rows alone.
struct RiskPoint {
  double coverage = 0;    ///< share of all rows
  double risk = 0;        ///< share of them that are wrong
  double confidence = 0;  ///< of the last of them
};
/// At most `points`, by rising coverage; the last is of all rows.
[[nodiscard]] std::vector<RiskPoint> risk_curve(std::span<const JudgedRow> rows, std::int64_t points);

}  // namespace pool3::report
