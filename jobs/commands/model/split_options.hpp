#pragma once
// Flags of `train`, `search` and `run` on splits, folds and scores.

#include <cstdint>
#include <string>
#include <vector>

#include "console/options.hpp"
#include "pool3/scoring.hpp"
#include "pool3/training.hpp"

namespace pool3::jobs {

struct SplitFlags {
  std::string rule, folds_from;
};
void declare_split(OptionParser& parser, SplitFlags& flags);
/// "key" or "stratified". Throws usage Error.
[[nodiscard]] SplitRule split_rule(const SplitFlags& flags);

/// What --folds-from says, a fold for each row of the feature file, -1 for one that trains in each; nothing if it was
/// not given. Throws Error: no whole numbers, or fewer than two folds. Not collective.
[[nodiscard]] std::vector<std::int32_t> read_folds(const SplitFlags& flags);
/// `folds`, or as many as were given.
[[nodiscard]] int folds_of(const Split& split, int folds);

/// Of `search`.
struct ScoringFlags {
  std::string scoring, choose;
};
void declare_scoring(OptionParser& parser, ScoringFlags& flags);

}  // namespace pool3::jobs
