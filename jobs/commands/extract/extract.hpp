#pragma once
// The extract job: catalogue -> feature file.

#include "command.hpp"
#include "commands/extract/options.hpp"

namespace pool3::jobs {

/// Goes in the order of cost: flags, output, weights, device and precision, catalogue, network. REQUIRES:
/// checked options. Collective.
ExitCode extract(const Context& context, const ExtractOptions& options);

}  // namespace pool3::jobs
