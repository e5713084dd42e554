#pragma once
// What an extraction shows while it runs, and at its end.

#include <cstdint>
#include <string>

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
/// How many pictures of a finished file are copies of another, and which has the most. Collective.
void print_copies(const Context& context, const std::string& path);

}  // namespace pool3::jobs
