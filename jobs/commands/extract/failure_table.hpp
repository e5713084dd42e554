#pragma once
// Pictures that failed: the table FEATURES.failures.tsv, the most frequent kinds, and when there are too many.

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "console/log.hpp"
#include "pool3/store/features.hpp"

namespace pool3::jobs {

/// The most frequent kinds of failure, with one path each. Messages that differ in numbers alone are of one kind.
void print_failures(Log& log, const std::vector<Failure>& failures);
/// A TSV table with the columns row, path, stage, code, message; quoted as in CSV where need be.
[[nodiscard]] std::string failures_text(const std::vector<Failure>& failures);
/// Writes it. Throws Error.
void write_failures(const std::string& path, const std::vector<Failure>& failures);
/// Makes PATH.failures.tsv beside a finished feature file, if it is missing or wrong. Throws Error.
void complete_failure_table(const std::string& path);

/// Throws Error if `failed` is above `limit` and that is not -1. `sample`: some of those that failed, for the message.
void check_failures(std::int64_t failed, std::int64_t limit, std::span<const Failure> sample);

}  // namespace pool3::jobs
