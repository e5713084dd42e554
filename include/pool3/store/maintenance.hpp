#pragma once
// What can be done with finished feature files: compare, link, publish, repack, count copies.

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "pool3/store/features.hpp"

namespace pool3 {

/// How two feature files differ. Rows are the same picture if they have the same path.
struct DiffReport {
  std::int64_t rows_a = 0, rows_b = 0;
  std::int64_t added = 0;                   ///< rows of b whose path a does not have
  std::int64_t removed = 0;                 ///< rows of a whose path b does not have
  std::int64_t changed = 0;                 ///< rows of both, of pictures with another content
  std::int64_t relabelled = 0;              ///< rows of both, with another class name
  std::int64_t failed_a = 0, failed_b = 0;  ///< rows that are not done
  /// Rows of b that failed and of which a has no failed row of the same content: `added` and `changed` ones count too.
  std::int64_t newly_failed = 0;
  std::int64_t added_failed = 0, changed_failed = 0;  ///< of these, those that were added, and those that changed
  std::int64_t newly_done = 0;                        ///< rows of both that are done in b only
  std::int64_t compared = 0;  ///< rows of both, of the same content, done in both: of these, the cosine of a and b
  double mean = 0, least = 1;
  std::string least_path;
  /// The cosine that a share of the compared rows stays below or at: shares are those of `quantile_shares`.
  static constexpr std::array<double, 5> quantile_shares = {0.001, 0.01, 0.1, 0.5, 0.9};
  std::array<double, 5> quantiles = {1, 1, 1, 1, 1};
  std::string kind;  ///< what kind_difference() says
};
/// Collective; the report counts on the root. Reads both files once, shared out over the ranks. REQUIRES: paths rise in
/// byte order, as they do in every file that extract makes. Without `features`, `compared` and the cosines stay empty.
/// Throws Error; also for a damaged block.
[[nodiscard]] DiffReport diff_features(const Communicator& comm, const std::string& a, const std::string& b,
                                       bool features = true);

/// Makes a file over the parts of one extraction. Readers use it like a single file; the parts stay where they are.
/// Call on one rank. Waits for other jobs that link the same file, two minutes at most; the last one sees every part in
/// its final state. Throws Error: a part is missing, twice there, or of another job.
void link_features(const std::string& out, const std::vector<std::string>& parts);

/// The files that a link file names, as seen from here; none for any other file, and for one that can't be read.
[[nodiscard]] std::vector<std::string> linked_parts(const std::string& path);

/// Lets the symbolic link `link` point to `file`, in one step: readers see the old file or the new one. Call on one
/// rank, after verify_features(). Throws Error, also if `link` is there and is not a symbolic link.
void publish_link(const std::string& file, const std::string& link);

/// How far a feature file is.
struct ProgressReport {
  /// stopped: not finished, and nobody is at work on it. finishing: all rows are done, checksums are being written.
  enum class State : std::uint8_t { stopped, running, finishing, finished };
  State state = State::stopped;
  std::int64_t rows = 0;              ///< 0 while an unfinished file has no tables yet, or gets its last ones
  std::int64_t done = 0, failed = 0;  ///< rows that have been tried, and those of them that failed
  std::int64_t seconds_since_change = 0;
  std::string host, job, pid;  ///< of the job at work
};
/// Of PATH, or of PATH.partial if that is there; `given` is either name. Disturbs no job. Call before this process
/// opens any other file. Throws Error.
[[nodiscard]] ProgressReport features_progress(const std::string& given);

struct RepackOptions {
  std::int64_t chunk_rows = 64;
  int compression = 4;  ///< 0 (none) to 9, of gzip
};
/// Writes a chunked, compressed copy for other programs; pool3 itself does not read it. Call on one rank. Throws Error.
void repack_features(const std::string& in, const std::string& out, const RepackOptions& options);

/// Pictures whose files have the same bytes. Those whose files could not be read do not count.
struct CopyCount {
  std::int64_t copies = 0;        ///< rows that are equal to an earlier one
  std::int64_t pictures = 0;      ///< that occur more than once
  std::int64_t most = 0;          ///< times that one of them occurs
  Row example = -1;               ///< the first row of that one (of the first of those); -1 if there are no copies
  std::int64_t contradicted = 0;  ///< pictures whose rows have different labels; rows without a label don't count
  Row contradiction = -1;         ///< a row of the first of those, and
  Row other = -1;                 ///< one with another label; -1 if there are none
};

/// Over all rows of a finished file, the same for any number of ranks. Each rank reads the keys of its share of the
/// rows, in steps of `rows_of_step`, and sends them to the pictures' owners, so a rank holds its share of the pictures:
/// 48 to 96 bytes for each different one. Collective.
[[nodiscard]] CopyCount count_copies(const Communicator& comm, const std::string& path,
                                     std::int64_t rows_of_step = 1 << 16);

}  // namespace pool3
