#pragma once
// Splits and folds that give each class its share, as scikit-learn makes them: the same rows for the same seed. Pure
// functions, no MPI.

#include <cstdint>
#include <span>
#include <vector>

namespace pool3 {

/// Which rows are held out, in the order of `labels` (0 or above): 1 for those. These are the rows that
/// train_test_split(test_size=test_fraction, stratify=labels, random_state=seed) takes. Classes with one row can't be
/// on both sides: their rows train, and the others are split as if these were not there. A split that has no room for a
/// row of each class, which scikit-learn refuses, is made as well as it can be. Seeds above 2^32 - 1 are folded.
[[nodiscard]] std::vector<std::uint8_t> stratified_test_rows(std::span<const std::int32_t> labels, double test_fraction,
                                                             std::uint64_t seed);

/// The fold of each row in [0, folds): that of StratifiedKFold(folds, shuffle=True, random_state=seed). Classes with
/// fewer rows than folds are in some folds only. REQUIRES: folds > 0.
[[nodiscard]] std::vector<std::int32_t> stratified_folds(std::span<const std::int32_t> labels, int folds,
                                                         std::uint64_t seed);

}  // namespace pool3
