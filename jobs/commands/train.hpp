#pragma once
// The train job: feature file -> model file.

#include <string>

#include "command.hpp"
#include "pool3/model.hpp"
#include "pool3/training.hpp"

namespace pool3::jobs {

/// What `train` and `search` share.
struct SolverFlags {
  std::string features, loss, class_weight, row_weights;
  double bias = 1, tolerance = 1e-4;
  std::int64_t max_epochs = 0;
  double max_seconds = 0;
  bool no_centering = false;
  int threads = 1;
  Split split;
};
void declare_solver(OptionParser& parser, SolverFlags& flags);
/// Throws Error (usage).
void check(const SolverFlags& flags);
/// Options of the solver; `counts`: training rows of each class.
[[nodiscard]] SolverOptions solver_options(const SolverFlags& flags, const std::vector<std::int64_t>& counts);

/// Trains for one C and writes the model. Collective.
void train(const Context& context, const SolverFlags& flags, double C, int probability_folds, const std::string& out);

}  // namespace pool3::jobs
