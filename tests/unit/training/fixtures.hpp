#pragma once
// A feature file for training: 90 rows of three classes, most of them done.

#include <vector>

#include "pool3/partition.hpp"
#include "pool3/store/features.hpp"
#include "pool3/training.hpp"
#include "support/slurp.hpp"
#include "support/store_sample.hpp"
#include "support/temporary_folder.hpp"

namespace pool3::test {

inline constexpr std::int64_t training_width = 8;

/// Labels are -1 to 2 in turn, every seventh row failed.
inline Sample training_sample(FeatureType type) {
  Sample sample(90);
  sample.width = training_width;
  sample.type = type;
  return sample;
}

/// The rows that ought to be on a side, in their order.
inline std::vector<Row> rows_of_side(const Sample& sample, const Split& split, Side side) {
  std::vector<Row> rows;
  for (Row r = 0; r < sample.rows; ++r) {
    if (Sample::status(r) != RowStatus::done || sample.labels[static_cast<std::size_t>(r)] < 0) continue;
    if (is_test_row(split.seed, Sample::key(r), split.test_fraction) == (side == Side::test)) rows.push_back(r);
  }
  return rows;
}

}  // namespace pool3::test
