#include "report/catalogue/calibration_curves.hpp"

#include <algorithm>
#include <cmath>

#include "pool3/partition.hpp"

namespace pool3::report {
namespace {

constexpr std::int64_t least_rows_of_a_bin = 10;

/// Those with a confidence, the least sure first, then by row.
std::vector<JudgedRow> by_confidence(std::span<const JudgedRow> rows) {
  std::vector<JudgedRow> sorted;
  for (const JudgedRow& row : rows)
    if (!std::isnan(row.confidence)) sorted.push_back(row);
  std::ranges::sort(sorted, [](const JudgedRow& a, const JudgedRow& b) {
    return a.confidence != b.confidence ? a.confidence < b.confidence : a.row < b.row;
  });
  return sorted;
}

}  // namespace

std::vector<ReliabilityPoint> reliability_curve(std::span<const JudgedRow> rows, std::int64_t bins) {
  const std::vector<JudgedRow> sorted = by_confidence(rows);
  bins = std::min(bins, std::ssize(sorted) / least_rows_of_a_bin);
  std::vector<ReliabilityPoint> points;
  for (std::int64_t bin = 0; bin < bins; ++bin) {
    const RowRange range = even_share(std::ssize(sorted), bins, bin);
    ReliabilityPoint point{.rows = range.size()};
    std::int64_t hits = 0;
    for (Row i = range.begin; i < range.end; ++i) {
      const JudgedRow& row = sorted[static_cast<std::size_t>(i)];
      point.confidence += row.confidence / static_cast<double>(point.rows);
      hits += row.truth == row.predicted ? 1 : 0;
    }
    point.accuracy = static_cast<double>(hits) / static_cast<double>(point.rows);
    point.interval = bootstrap_interval(hits, point.rows);
    points.push_back(point);
  }
  return points;
}

std::vector<RiskPoint> risk_curve(std::span<const JudgedRow> rows, std::int64_t points) {
  const std::vector<JudgedRow> sorted = by_confidence(rows);
  std::vector<RiskPoint> curve;
  const std::int64_t n = std::ssize(sorted), steps = std::min(points, n);
  std::int64_t taken = 0, wrong = 0;
  for (std::int64_t step = 1; step <= steps; ++step) {
    const std::int64_t until = even_share(n, steps, step - 1).end;
    for (; taken < until; ++taken) {
      const JudgedRow& row = sorted[static_cast<std::size_t>(n - 1 - taken)];
      wrong += row.truth == row.predicted ? 0 : 1;
    }
    curve.push_back({static_cast<double>(taken) / static_cast<double>(n),
                     static_cast<double>(wrong) / static_cast<double>(taken),
                     sorted[static_cast<std::size_t>(n - taken)].confidence});
  }
  return curve;
}

}  // namespace pool3::report
