#pragma once
// Flags of `train`, `search` and `run` on splits, folds and scores.

#include <string>

#include "console/options.hpp"
#include "pool3/features.hpp"
#include "pool3/scoring.hpp"
#include "pool3/training.hpp"

namespace pool3::jobs {

struct SplitFlags {
  std::string rule, folds_from;
};
void declare_split(OptionParser& parser, SplitFlags& flags);
/// "key" or "stratified". Throws usage Error.
[[nodiscard]] SplitRule split_rule(const SplitFlags& flags);
/// What --folds-from says of the rows of `reader`, or nothing if it was not given. Throws Error: not one whole number
/// for each row, or below two folds. Not collective.
[[nodiscard]] std::vector<std::int32_t> given_folds(const SplitFlags& flags, const FeatureReader& reader);

struct ScoringFlags {
  std::string scoring, choose;
};
void declare_scoring(OptionParser& parser, ScoringFlags& flags);

}  // namespace pool3::jobs
