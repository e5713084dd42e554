#pragma once
// What an earlier extraction has left: a finished file, or one that this job may resume.

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "command.hpp"
#include "commands/extract/options.hpp"
#include "pool3/error.hpp"
#include "pool3/store/features.hpp"

namespace pool3::jobs {

/// How the job that made a file differs from this one in what decides its rows, or "". The places of catalogue and
/// weights don't matter, as long as their content is the same.
[[nodiscard]] std::string extract_difference(const Provenance& here, const Provenance& there);

/// What is known of a file before weights and pictures have been looked at.
[[nodiscard]] Provenance known_provenance(const Context& context, const ExtractOptions& options);

/// Throws Error if no feature file can be made at `path`, or if what is there is none. Cheap.
void check_out(const std::string& path);

/// What is at --out already.
struct Earlier {
  enum class State : std::uint8_t { nothing, unfinished, finished } state = State::nothing;
  std::string difference;  ///< between its job and this one, or ""
};
/// `wanted`: fields that are not known yet are empty, and don't count. `rows`: of the file to make; -1: not known yet.
/// Of an unfinished and a finished file, the one that differs counts, or else the unfinished one. Not collective.
/// Throws Error.
[[nodiscard]] Earlier look_at_out(const std::string& path, const Provenance& wanted, const FileShape& shape,
                                  std::int64_t rows = -1);
/// Why this job must not work at --out, in words with what to do about it; none if it may: what another job has left
/// is replaced only where the flags ask for it.
[[nodiscard]] std::optional<Error> refusal(const Earlier& earlier, const ExtractOptions& options);
/// With --precision auto: the precision of the rows that this job adds to, in --out or else in --update-from. None
/// if there are no such rows. Collective. Throws Error.
[[nodiscard]] std::optional<Precision> earlier_precision(const Context& context, const ExtractOptions& options);
/// True if --update-from names --out itself.
[[nodiscard]] bool updates_in_place(const ExtractOptions& options);

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
