#pragma once
// What an extraction says before and after.

#include <vector>

#include "job.hpp"
#include "pool3/corpus.hpp"
#include "workers.hpp"

namespace pool3::jobs {

/// What one rank did.
struct RankTally {
  std::int64_t images = 0, failed = 0, copied = 0;
  StageSeconds seconds;
  double write = 0, wall = 0;
};

/// Counts, sizes and the plan, on stdout.
void print_dry_run(const Manifest& manifest, int ranks, int batch);
/// A line a rank: where the time went. Collective.
void print_summary(const Context& context, const RankTally& tally, int threads);
/// The most frequent kinds of failure, with one path each.
void print_failures(Log& log, const std::vector<Failure>& failures);

}  // namespace pool3::jobs
