#pragma once
// Flags of `train`, `search` and `run` on splits, folds and scores.

#include <string>
#include <vector>

#include "console/flags/options.hpp"
#include "pool3/evaluation/scoring.hpp"
#include "pool3/store/features.hpp"
#include "pool3/training.hpp"
#include "setup/row_table.hpp"

namespace pool3::jobs {

struct SplitFlags {
  std::string rule, split_from, test_rows, groups_from, folds_from;
};
void declare_split(OptionParser& parser, SplitFlags& flags);
/// Reads the files that the flags name. Throws Error: flags that exclude each other, a file that can't be read, a value
/// that is no fold or no side. Not collective.
void check(const SplitFlags& flags);
/// `wanted`, or as many as --folds-from has. REQUIRES: check() has been called.
[[nodiscard]] int folds_of(const SplitFlags& flags, int wanted);

/// What the flags say of this file's rows, in `split`. Returns lines for the log. Throws Error: not one value for each
/// row, no path found. Not collective; the same on every rank.
[[nodiscard]] std::vector<std::string> take_split(const FeatureReader& reader, const SplitFlags& flags, Split& split);

/// Of `search`.
struct ScoringFlags {
  std::string scoring, choose;
};
void declare_scoring(OptionParser& parser, ScoringFlags& flags);

}  // namespace pool3::jobs
