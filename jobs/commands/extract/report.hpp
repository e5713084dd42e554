#pragma once
// What an extraction says before and after.

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "command.hpp"
#include "pool3/extraction.hpp"

namespace pool3::jobs {

/// What a running extraction shows: progress, metrics, and an error if too many pictures have failed.
class ExtractDisplay {
 public:
  /// `before` of `rows` images were done when it began. `limit`: of failure_limit().
  ExtractDisplay(const Context& context, std::int64_t rows, std::int64_t before, std::int64_t limit);
  /// Call as often as you like. Throws Error on the root if more images than the limit have failed.
  void show(const FileProgress& progress);
  /// The last word.
  void finish(const FileProgress& progress);

 private:
  void measure(const RankTally& tally) const;
  const Context& context_;
  Progress progress_;
  MetricsClock own_clock_;
  std::int64_t limit_;
};

/// A line a rank: where the time went. Collective.
void print_summary(const Context& context, const RankTally& tally, int threads);
/// The most frequent kinds of failure, with one path each. Messages that differ in numbers alone are of one kind.
void print_failures(Log& log, const std::vector<Failure>& failures);
/// A TSV table with the columns row, path, stage, code, message; quoted as in CSV where need be.
[[nodiscard]] std::string failures_text(const std::vector<Failure>& failures);
/// Writes it. Throws Error.
void write_failures(const std::string& path, const std::vector<Failure>& failures);
/// Makes PATH.failures.tsv beside a finished feature file, if it is missing or wrong. Throws Error.
void complete_files_beside(const std::string& path);
/// How many pictures of a finished file are copies of another, and which has the most. Collective.
void print_copies(const Context& context, const std::string& path);

/// Throws Error if `failed` is above `limit` and that is not -1. `sample`: some of those that failed, for the message.
void check_failures(std::int64_t failed, std::int64_t limit, std::span<const Failure> sample);

}  // namespace pool3::jobs
