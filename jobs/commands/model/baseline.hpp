#pragma once
// The baseline job: other classifiers on the rows and the split of a model.

#include <string>
#include <vector>

#include "command.hpp"
#include "commands/model/split_options.hpp"
#include "pool3/baselines.hpp"

namespace pool3::jobs {

struct BaselineFlags {
  std::string features, model, out;
  std::string corpus;
  std::vector<std::string> kinds;
  SplitFlags split;
  Split split_values;  ///< seed and test fraction
  bool no_centering = false, json = false;
  bool prints = true;  ///< the table, when all is done
  std::vector<double> C = {10, 100, 1000};
  int folds = 10;
  double tolerance = 1e-6, search_tolerance = 1e-3;
  int threads = 1;
  std::int64_t epochs = 60;
};

/// Computes what is not in OUT yet, prints the table and writes it. Collective.
void compute_baselines(const Context& context, const BaselineFlags& flags);

}  // namespace pool3::jobs
