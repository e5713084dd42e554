#pragma once
// The feature store: one HDF5 file of features, labels, paths, keys and status. See docs/format.md.

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "pool3/mpi.hpp"
#include "pool3/types.hpp"

namespace pool3 {

/// How a file was made. Files hold different kinds of rows if `weights_sha256`, `precision` or, in what shapes pixels,
/// `profile` differ.
struct Provenance {
  std::string version;         ///< of pool3
  std::string weights_sha256;  ///< 64 hex digits
  std::string weights_source;
  std::string profile;         ///< to_string(Preprocessing)
  std::string precision;       ///< of precision_names; or "imported", as weights and profile
  std::string catalogue_hash;  ///< 32 hex digits
  std::string corpus;          ///< as given
  std::string labels;          ///< label rule, as given
  std::string config;          ///< resolved configuration, JSON
  bool operator==(const Provenance&) const = default;
};

/// How a picture file becomes network input: what Provenance::profile says.
struct Preprocessing {
  std::string profile;                           ///< the input profile's name
  bool fast_decode = false;                      ///< large JPEGs were decoded at a part of their size
  bool apply_orientation = true;                 ///< pictures were turned as their EXIF orientation says
  std::int64_t max_pixels = default_max_pixels;  ///< larger pictures became failures
  bool operator==(const Preprocessing&) const = default;
};
/// The profile, and then what is not as usual: "nsfwjs", or "nsfwjs, fast-decode, ignore-orientation, max-pixels 1000".
[[nodiscard]] std::string to_string(const Preprocessing& preprocessing);
[[nodiscard]] Preprocessing parse_preprocessing(std::string_view text);

/// Names the first field in which the kinds of rows differ ("precision: bf16 here, fp32 there"), or "". The limit of
/// pixels decides which pictures have a row, not what is in it: it makes no other kind.
[[nodiscard]] std::string kind_difference(const Provenance& a, const Provenance& b);
/// Like kind_difference(), and also for catalogue, labels and version: what two runs of one job have in common.
[[nodiscard]] std::string job_difference(const Provenance& a, const Provenance& b);
/// "width: 64 here, 2048 there", or "" if the widths are equal.
[[nodiscard]] std::string width_difference(std::int64_t here, std::int64_t there);

/// How features are stored. They are float32 in memory.
enum class FeatureType : std::uint8_t { float32, float16 };
[[nodiscard]] constexpr std::string_view to_string(FeatureType t) {
  return t == FeatureType::float32 ? "float32" : "float16";
}
/// Bytes of one stored feature.
[[nodiscard]] constexpr std::int64_t element_bytes(FeatureType t) { return t == FeatureType::float32 ? 4 : 2; }

/// Features of a row, at most: a block of 16 rows then has 64 MiB.
inline constexpr std::int64_t most_features = std::int64_t{1} << 20;

/// All that is fixed when a file is created.
struct FeatureSpec {
  std::int64_t rows = 0;
  std::int64_t width = 0;        ///< features of a row, 1 or more
  std::int64_t block_rows = 16;  ///< rows of one checksum, and of one write
  std::string root;              ///< absolute folder that relative paths start from
  std::vector<std::string> classes;
  std::span<const std::int32_t> labels;       ///< [rows], index into classes or -1
  std::function<std::string_view(Row)> path;  ///< path of a row; any bytes but NUL
  Provenance provenance;
  FeatureType type = FeatureType::float32;
  std::int64_t alignment = 0;        ///< large tables start at multiples of so many bytes; 0 or a power of two
  StripeHints stripes;               ///< when the file is made
  std::int64_t part = 1, parts = 1;  ///< this file holds part `part` of `parts` of a catalogue
  bool durable = false;              ///< a block counts as done when it survives a loss of power
  /// Says how the job that left an unfinished file differs from this one, or "". By default job_difference().
  std::function<std::string(const Provenance& unfinished)> difference;
  bool begins_anew = false;  ///< an unfinished file of a job that differs is removed, rather than refused
};

/// A row that failed.
struct Failure {
  Row row = 0;
  RowStatus status = RowStatus::pending;
  std::string path;
  std::string message;
};

/// Writes one feature file. Move-only. Works on PATH.partial; PATH appears only when complete. A job that is killed
/// at any moment leaves nothing, or a PATH.partial that the next open() resumes.
class FeatureWriter {
 public:
  /// Collective. If there is a PATH.partial of this very job, resumes it: every rank checks a share of its blocks.
  /// Otherwise rank 0 creates one with every table. `spec` matters on rank 0 only, except `durable`. Throws a
  /// collective Error: it can't be created, another job is at work on it, or it is of a job that differs.
  static FeatureWriter open(const Communicator& comm, const std::string& path, const FeatureSpec& spec);
  FeatureWriter(FeatureWriter&&) noexcept;
  FeatureWriter& operator=(FeatureWriter&&) noexcept;
  ~FeatureWriter();  ///< leaves PATH.partial if finish() was not called

  [[nodiscard]] std::int64_t rows() const;
  [[nodiscard]] std::int64_t width() const;
  [[nodiscard]] std::int64_t blocks() const;
  [[nodiscard]] RowRange block(std::int64_t index) const;
  [[nodiscard]] const std::string& root() const;
  /// What open() found: for each block, whether it is done already. Empty on other ranks than the root.
  [[nodiscard]] const std::vector<bool>& done() const;
  /// Rows of those blocks that failed. 0 on other ranks than the root.
  [[nodiscard]] std::int64_t failed_before() const;
  /// Paths of `rows`, read from the file. Not collective.
  [[nodiscard]] std::vector<std::string> paths(RowRange rows) const;
  /// Keys and status of `rows`, read from the file, where they are not pending. Not collective.
  [[nodiscard]] std::vector<ImageKey> keys(RowRange rows) const;
  [[nodiscard]] std::vector<RowStatus> status(RowRange rows) const;
  /// Root only: a block that done() has is to be made again.
  void redo(std::int64_t block);
  /// Writes one whole block: features [n, width], keys [n], status [n], its checksum, and what failed in it. Rows that
  /// are not `done` are written as zeros. Not collective; each block is written by one rank. Throws Error.
  void write_block(std::int64_t index, std::span<const float> features, std::span<const ImageKey> keys,
                   std::span<const RowStatus> status, const std::vector<Failure>& failures);
  /// Shows other jobs that this one is alive. Call every minute or more often.
  void keep_alive() const;
  /// Collective. Writes the failures table and the tables' checksums, syncs, and renames PATH.partial to PATH.
  /// Throws Error. REQUIRES: every block was written.
  void finish(const Communicator& comm);

 private:
  struct Impl;
  explicit FeatureWriter(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

/// How the unfinished file PATH.partial was begun. None if there is no such file, if a job is at work on it, or if one
/// was killed while it changed the file's structure. Not collective. Throws Error.
[[nodiscard]] std::optional<Provenance> unfinished_provenance(const std::string& path);

/// Removes what a job that was killed just after its last rename has left beside a finished PATH.
/// Call on one rank.
void remove_leftovers(const std::string& path);

/// Reads a finished feature file. Move-only. Nothing here is collective; each rank opens for itself.
class FeatureReader {
 public:
  /// Throws Error: not there, not a pool3 feature file, made by a newer format version.
  explicit FeatureReader(const std::string& path);
  FeatureReader(FeatureReader&&) noexcept;
  FeatureReader& operator=(FeatureReader&&) noexcept;
  ~FeatureReader();

  [[nodiscard]] std::int64_t rows() const;
  /// Features of a row.
  [[nodiscard]] std::int64_t width() const;
  [[nodiscard]] std::int64_t block_rows() const;
  [[nodiscard]] const std::string& root() const;
  [[nodiscard]] const std::vector<std::string>& classes() const;
  [[nodiscard]] const Provenance& provenance() const;
  [[nodiscard]] FeatureType type() const;
  /// Which part of a catalogue this is: 1 of 1 for a whole one.
  [[nodiscard]] std::int64_t part() const;
  [[nodiscard]] std::int64_t parts() const;
  // Whole tables or a range of them. Throw Error on an I/O error, a value that can't be (a label without a class, a row
  // that is pending, ...) or (whole tables) a wrong checksum.
  [[nodiscard]] std::vector<std::int32_t> labels() const;
  [[nodiscard]] std::vector<std::int32_t> labels(RowRange rows) const;
  [[nodiscard]] std::vector<ImageKey> keys() const;
  [[nodiscard]] std::vector<ImageKey> keys(RowRange rows) const;
  [[nodiscard]] std::vector<RowStatus> status() const;
  [[nodiscard]] std::vector<RowStatus> status(RowRange rows) const;
  [[nodiscard]] std::vector<std::string> paths(RowRange rows) const;
  [[nodiscard]] std::vector<Failure> failures() const;
  /// Call once before reading ranges: checks the checksums of `labels`, `keys` and `status`, of every `ranks`-th of
  /// these tables from the `rank`-th on, piece by piece; with paths, that of `paths` too. Throws Error.
  enum class WithPaths : bool { no, yes };
  void check_tables(int rank, int ranks, WithPaths paths = WithPaths::no) const;
  /// Features of blocks [first, last), rows x width, each block's checksum checked, and that they are finite. Throws
  /// Error naming the rows.
  /// Safe from any thread.
  void read_blocks(std::int64_t first, std::int64_t last, std::span<float> out) const;
  /// The same as their bytes in the file: little-endian numbers of type().
  void read_stored(std::int64_t first, std::int64_t last, std::span<std::byte> out) const;
  [[nodiscard]] std::int64_t blocks() const;
  [[nodiscard]] RowRange block(std::int64_t index) const;
  /// The block that holds a row.
  [[nodiscard]] std::int64_t block_of(Row row) const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

/// Numbers of a dataset [rows] in any HDF5 file: how much each row of a feature file counts. Any number type. Throws
/// Error if there are not `rows` of them, or one is negative or not finite. Not collective.
[[nodiscard]] std::vector<float> read_row_weights(const std::string& path, const std::string& dataset,
                                                  std::int64_t rows);

/// What `verify_features` found.
struct VerifyReport {
  std::int64_t rows = 0;
  std::int64_t done = 0;
  std::int64_t failed = 0;
  std::int64_t blocks = 0;
  std::int64_t bytes = 0;             ///< bytes whose checksums were checked
  std::vector<std::string> problems;  ///< one line each; empty if the file is sound
};
/// Collective; every rank gets the whole report. Checks every checksum of a feature file, that no row is pending,
/// and that labels, status and failures agree. Throws a collective Error if the file can't be opened at all.
[[nodiscard]] VerifyReport verify_features(const Communicator& comm, const std::string& path);

/// Which kind of pool3's HDF5 files this is: "features", "model", "map", or "" for anything else. Never throws.
[[nodiscard]] std::string kind_of_file(const std::string& path);

}  // namespace pool3
