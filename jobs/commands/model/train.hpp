#pragma once
// The train job: feature file -> model file.

#include <optional>
#include <string>

#include "command.hpp"
#include "commands/model/kernel_options.hpp"
#include "commands/model/split_options.hpp"
#include "pool3/audit.hpp"
#include "pool3/training.hpp"

namespace pool3::jobs {

/// What `train`, `search` and `run` share.
struct TrainingFlags {
  std::string features, loss, class_weight;
  bool no_centering = false, group_near_copies = false;
  SplitFlags split;
  KernelFlags kernel;
  TrainingOptions options;  ///< all but what the flags above say
};
void declare_training(OptionParser& parser, TrainingFlags& flags);
/// What the flags say. Throws usage Error.
[[nodiscard]] TrainingOptions options_of(const TrainingFlags& flags);

/// The feature file, and what the flags say of its rows.
struct TrainingInput {
  FeatureReader reader;
  TrainingOptions options;
  std::optional<NearCopies> near_copies;  ///< of --group-near-copies
};
/// Opens the file for `train`, `search` and `run`, and logs what the split is. `outputs` are checked first. Collective;
/// throws a collective Error.
[[nodiscard]] TrainingInput open_training(const Context& context, const TrainingFlags& flags,
                                          const std::string& features, const std::vector<std::string>& outputs);

/// Trains and writes the model and its certificate. Collective.
void train(const Context& context, const FeatureReader& reader, const TrainingOptions& options, const std::string& out);

}  // namespace pool3::jobs
