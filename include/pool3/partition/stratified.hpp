#pragma once
// Splits and folds that give each class its share, as scikit-learn makes them: the same rows for the same seed; and
// groups of rows that stay together. Pure functions, no MPI.

#include <cstdint>
#include <span>
#include <vector>

#include "pool3/types.hpp"

namespace pool3 {

/// Which rows belong together: those of one number stay on one side of a split, and in one fold.
using GroupId = std::int64_t;
/// A row of its own.
inline constexpr GroupId no_group = -1;
/// The key that says where a row is: that of its group, or `own`. A group's key is a function of its number alone, so a
/// group that grows stays where it is. Copies of a picture in two groups may fall apart.
[[nodiscard]] ImageKey deciding_key(GroupId group, const ImageKey& own);

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

/// As stratified_test_rows(), and rows of one group stay together: `groups` has a number for each row, or no_group.
/// Each group goes, the most uneven first, to the side where it brings the classes nearest to their shares. The seed
/// orders those that are alike.
[[nodiscard]] std::vector<std::uint8_t> stratified_group_test_rows(std::span<const std::int32_t> labels,
                                                                   std::span<const GroupId> groups,
                                                                   double test_fraction, std::uint64_t seed);
/// As stratified_folds(), and rows of one group are in one fold: what StratifiedGroupKFold makes of groups in the order
/// in which the seed shuffles them. REQUIRES: folds > 0.
[[nodiscard]] std::vector<std::int32_t> stratified_group_folds(std::span<const std::int32_t> labels,
                                                               std::span<const GroupId> groups, int folds,
                                                               std::uint64_t seed);

}  // namespace pool3
