#pragma once
// What an earlier extraction has left: a finished file, or one that this job may resume.

#include <functional>
#include <string>
#include <string_view>

#include "commands/extract_options.hpp"
#include "pool3/features.hpp"

namespace pool3::jobs {

/// How the job that made a file differs from this one in what decides its rows, or "". The places of catalogue and
/// weights don't matter, as long as their content is the same.
[[nodiscard]] std::string extract_difference(const Provenance& here, const Provenance& there);

/// Throws Error if no feature file can be made at `path`, or if what is there must not be replaced. Cheap.
void check_out(const std::string& path);

/// Failed rows of `path` if it is a finished file of this very job, otherwise -1. Collective.
[[nodiscard]] std::int64_t failures_if_done(const Communicator& comm, const std::string& path, const Provenance& wanted,
                                            const FileShape& shape);

/// Why rows of `old` are not what this job would make of the same pictures, or "".
[[nodiscard]] std::string rows_difference(const Provenance& here, FeatureType type, std::int64_t width,
                                          const FeatureReader& old);

/// Throws Error unless `path` holds the rows of this very catalogue, made as this job would.
void check_retry(const std::string& path, const Provenance& here, FeatureType type, std::int64_t width,
                 std::int64_t rows, const std::function<std::string_view(Row)>& path_of);

}  // namespace pool3::jobs
