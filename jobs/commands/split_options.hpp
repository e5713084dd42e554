#pragma once
// Flags of `train`, `search` and `run` on splits, folds and scores.

#include <string>

#include "console/options.hpp"
#include "pool3/scoring.hpp"
#include "pool3/training.hpp"

namespace pool3::jobs {

struct SplitFlags {
  std::string rule;
};
void declare_split(OptionParser& parser, SplitFlags& flags);
/// "key" or "stratified". Throws usage Error.
[[nodiscard]] SplitRule split_rule(const SplitFlags& flags);

/// Of `search`.
struct ScoringFlags {
  std::string scoring, choose;
};
void declare_scoring(OptionParser& parser, ScoringFlags& flags);

}  // namespace pool3::jobs
