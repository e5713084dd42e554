#pragma once
// What an extraction would do: counts, sizes, time, memory, and who does what.

#include "commands/extract.hpp"
#include "pool3/corpus.hpp"

namespace pool3::jobs {

/// Prints the plan on stdout. Time and memory are measured on a sample of the pictures, if the weights are there.
/// Collective; `manifest` counts on the root only.
void dry_run(const Context& context, const ExtractOptions& options, const Manifest& manifest, int threads);

}  // namespace pool3::jobs
