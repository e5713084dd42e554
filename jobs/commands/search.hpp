#pragma once
// The search job: feature file -> table of cross-validated C values, and the best model.

#include "commands/train.hpp"
#include "pool3/selection.hpp"

namespace pool3::jobs {

struct SearchFlags {
  std::vector<double> C;
  int folds = 10;
  int groups = 0;
  double tolerance = 1e-3;
};
void declare_search(OptionParser& parser, SearchFlags& flags);
/// Throws Error (usage).
void check(const SearchFlags& flags);
/// Searches, writes the table as JSON to `out`, and prints it. Returns the best C. What an earlier search has left is
/// taken and kept: call SearchJournal::remove() when all is done. Collective.
double search(const Context& context, const SolverFlags& solver, const SearchFlags& flags, const std::string& out);

}  // namespace pool3::jobs
