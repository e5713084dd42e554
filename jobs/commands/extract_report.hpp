#pragma once
// What an extraction says before and after.

#include <cstdint>
#include <string>
#include <vector>

#include "command.hpp"
#include "extraction/workers.hpp"
#include "pool3/features.hpp"

namespace pool3::jobs {

/// What one rank did.
struct RankTally {
  std::int64_t images = 0, failed = 0, copied = 0;
  StageSeconds seconds;
  double wall = 0, cpu = 0;  ///< seconds
};

/// A line a rank: where the time went. Collective.
void print_summary(const Context& context, const RankTally& tally, int threads);
/// The most frequent kinds of failure, with one path each. Messages that differ in numbers alone are of one kind.
void print_failures(Log& log, const std::vector<Failure>& failures);
/// A TSV table with the columns row, path, stage, code, message; quoted as in CSV where need be. Throws Error.
void write_failures(const std::string& path, const std::vector<Failure>& failures);
/// Makes PATH.failures.tsv as it should be beside a finished feature file, if it is not. Throws Error.
void complete_files_beside(const std::string& path);
/// How many pictures of a finished file are copies of another, and which has the most. Collective.
void print_copies(const Context& context, const std::string& path);

/// How many pictures may fail: "12" or "5%" of `rows`; -1 (no limit) for "". Throws usage Error.
[[nodiscard]] std::int64_t failure_limit(const std::string& text, std::int64_t rows);
/// Throws Error if `failed` is above `limit` and that is not -1. `known`: some of those that failed, for the message.
void check_failures(std::int64_t failed, std::int64_t limit, const std::vector<Failure>& known);

}  // namespace pool3::jobs
