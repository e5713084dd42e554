#pragma once
// The evaluate job: a model on rows of a feature file.

#include <string>

#include "command.hpp"
#include "pool3/audit.hpp"

namespace pool3::jobs {

struct EvaluateFlags {
  std::string features, model;
  std::string out;          ///< report, JSON
  std::string rows;         ///< "held-out", "training", "all"; or "": held-out of a file that the model saw, else all
  std::string predictions;  ///< CSV of all rows, or ""
  std::string confusion;    ///< CSV of the matrix, or ""
  std::string baselines;    ///< table of `baseline` to put beside the model, or ""
  double coverage = 0.95;   ///< of prediction sets
  bool group_near_copies = false;           ///< the accuracy without near copies of training rows, too
  const NearCopies* near_copies = nullptr;  ///< those of the file, if they are known; else they are looked for
};

/// Prints the report and writes it as JSON. Collective.
void evaluate(const Context& context, const EvaluateFlags& flags);

}  // namespace pool3::jobs
