#pragma once
// The train job: feature file -> model file.

#include <string>

#include "command.hpp"
#include "commands/model/kernel_options.hpp"
#include "commands/model/split_options.hpp"
#include "pool3/training.hpp"

namespace pool3::jobs {

/// What `train`, `search` and `run` share.
struct TrainingFlags {
  std::string features, loss, class_weight;
  bool no_centering = false;
  SplitFlags split;
  KernelFlags kernel;
  TrainingOptions options;  ///< all but what the flags above say
};
void declare_training(OptionParser& parser, TrainingFlags& flags);
/// What the flags say. Throws usage Error.
[[nodiscard]] TrainingOptions options_of(const TrainingFlags& flags);

/// Trains and writes the model and its certificate. Collective.
void train(const Context& context, const std::string& features, const TrainingOptions& options, const std::string& out);

}  // namespace pool3::jobs
