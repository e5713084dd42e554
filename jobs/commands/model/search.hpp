#pragma once
// The search job: feature file -> table of cross-validated C values, and the best model.

#include "commands/model/train.hpp"
#include "pool3/selection.hpp"

namespace pool3::jobs {

struct SearchFlags {
  std::vector<double> C;
  int folds = 10;
  int groups = 0;
  double tolerance = 1e-3;
  bool extend = false;  ///< search beyond the grid's edge
  bool halving = false;
  ScoringFlags scoring;
};
void declare_search(OptionParser& parser, SearchFlags& flags);
/// Throws Error (usage).
void check(const SearchFlags& flags);
/// Searches, writes the table as JSON to `out`, and prints it. Returns `training` with C and the kernel of the best
/// point. Resumes what an earlier search has left, and leaves its own journal: call SearchJournal::remove() when all is
/// done. Collective.
TrainingOptions search(const Context& context, const TrainingFlags& of_training, const TrainingOptions& training,
                       const SearchFlags& flags, const FeatureReader& reader, const std::string& out);

}  // namespace pool3::jobs
