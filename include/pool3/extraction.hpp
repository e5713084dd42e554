#pragma once
// From files of pictures to rows of features: a network with its preprocessing, threads that run it, and the loop that
// feeds them.

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "pool3/corpus.hpp"
#include "pool3/image.hpp"
#include "pool3/mpi.hpp"
#include "pool3/network.hpp"
#include "pool3/store/features.hpp"
#include "pool3/types.hpp"
#include "pool3/weights.hpp"

namespace pool3 {

// ---- How rows are made

/// All that shapes a row beside the bytes of its picture and the weights.
struct RowRecipe {
  InputProfile profile = InputProfile::nsfwjs;
  bool fast_decode = false;                              ///< large JPEGs come at 1/2, 1/4 or 1/8 of their size
  bool apply_orientation = true;                         ///< pictures are turned as their EXIF orientation says
  std::int64_t max_pixels = DecodeOptions{}.max_pixels;  ///< larger pictures become failures
  Precision precision = Precision::fp32;

  [[nodiscard]] DecodeOptions decoding() const;
  [[nodiscard]] Preprocessing preprocessing() const;
  bool operator==(const RowRecipe&) const = default;
};

/// What of a catalogue's entries is refused before it is read, as no picture is like that.
[[nodiscard]] EntryLimits entry_limits(const DecodeOptions& options);

/// What is asked of an extractor. What is left empty is chosen.
struct ExtractorOptions {
  std::optional<Device> device;         ///< chosen: GPUs if every rank has one
  std::optional<Precision> precision;   ///< chosen: what is fast on every rank, without loss
  bool or_fp32 = false;                 ///< fp32 is taken where `precision` can't be had
  std::optional<Precision> preferred;   ///< chosen where it can be had: rows that are there already are of it
  std::optional<InputProfile> profile;  ///< chosen: the weights' own
  bool fast_decode = false;
  bool apply_orientation = true;
  std::int64_t max_pixels = DecodeOptions{}.max_pixels;
  int batch = 16;   ///< pictures of one call of the network
  int threads = 0;  ///< that compute, per rank; 0: the rank's share of its node's cores
};
/// `options` with all that shapes rows as `made` tells it; fp32 where that precision can't be had. Throws
/// std::invalid_argument for an input profile that is not known.
[[nodiscard]] ExtractorOptions like_rows_of(const Provenance& made, ExtractorOptions options);

/// Where and how a rank makes rows.
struct ExtractorSetup {
  RowRecipe recipe;                               ///< the same on every rank
  Device device = Device::cpu;                    ///< the same on every rank
  std::string why;                                ///< the precision was chosen, in words; "": it was asked for
  Instructions instructions = Instructions::any;  ///< what the rank may use; for bf16 the same on every rank
  int gpu = 0;                                    ///< ranks of one node take its GPUs in turn
  int batch = 16;
  int threads = 1;
};

/// Chooses what `options` leave open, so that one file holds one kind of rows. Throws Error: what is asked for can't be
/// had on some rank, or nobody tells the profile of a TorchScript network. Collective; the same options on every rank.
[[nodiscard]] ExtractorSetup agree_setup(const Communicator& comm, const Weights& weights,
                                         const ExtractorOptions& options);

/// `wanted`, or, for 0, this rank's share of the cores that its node lets the job use. Collective.
[[nodiscard]] int thread_count(const Communicator& comm, int wanted);

// ---- Blocks of rows

/// Files to read: one block of rows.
struct BlockTask {
  std::int64_t index = 0;
  Row first_row = 0;
  std::vector<std::string> paths;  ///< as in the catalogue
};

/// A finished block.
struct BlockResult {
  std::int64_t index = 0;
  std::vector<float> features;  ///< [rows, width]
  std::vector<ImageKey> keys;
  std::vector<RowStatus> status;
  std::vector<Failure> failures;  ///< in order of rows
  std::int64_t copied = 0;        ///< rows that were taken from an older file
};

namespace extraction {
class KnownRows;
class Workers;
}  // namespace extraction

/// How a row of the new file finds its old one.
enum class RowMatch : std::uint8_t {
  by_content,  ///< the picture's key, wherever it was; takes 24 bytes of memory a row
  by_row,      ///< the same row, without a look at the picture
};
/// The done rows of a finished file, which need not be computed again. Throws Error.
[[nodiscard]] std::shared_ptr<const extraction::KnownRows> open_known_rows(const std::string& path, RowMatch match);

/// A row as an earlier job has left it.
struct EarlierRow {
  std::string path;  ///< as in the catalogue
  ImageKey key;
  RowStatus status = RowStatus::pending;
};
/// Rows of which no copy is in memory yet.
struct EarlierRows {
  std::int64_t count = 0;
  std::function<std::vector<EarlierRow>(RowRange)> read;
};

/// What has become of the pictures of rows that an earlier job has made.
struct PictureChanges {
  std::int64_t touched = 0;  ///< files that were written, replaced, moved or given other permissions since: read again
  std::vector<Row> changed;  ///< rows of these whose picture has other content by now, in rising order; on the root
  std::int64_t changes = 0;  ///< their number, on every rank
  std::int64_t newest = 0;   ///< the last time at which one was touched; on the root
};

/// A time of a file, in nanoseconds since 1970. 0 where the file or the time is unknown.
[[nodiscard]] std::int64_t last_written(const std::string& path);
/// When the file was made, or, where the file system does not know, last_written().
[[nodiscard]] std::int64_t first_written(const std::string& path);

/// Looks at every picture's times (that of the content and that of the entry, so that a file which got another's name
/// counts, too), and reads those again that were touched at `since` or later. A row whose picture can't be read now, as
/// then, is not changed. Collective; the ranks share the rows. `entries` has the folder of the rows' catalogue.
[[nodiscard]] PictureChanges find_picture_changes(const Communicator& comm, const EntryReader& entries,
                                                  const std::string& root, std::int64_t since, const EarlierRows& rows);

/// Seconds of work by stage, over all threads of a rank.
struct StageSeconds {
  double read = 0, write = 0;                  ///< on threads of their own
  double decode = 0, resize = 0, network = 0;  ///< on computing threads
};

// ---- Extractor, and an extractor at work

/// Where pictures come from, and where finished blocks go.
struct ExtractionJob {
  /// The bytes of an entry. Throws ReadError; any other exception ends the work. Called by several threads.
  std::function<std::vector<std::byte>(std::string_view path)> read;
  std::shared_ptr<const extraction::KnownRows> known = nullptr;  ///< rows that are taken instead of computed
  bool remember_copies = false;  ///< a copy of a picture takes the features of the first
  /// How features will be stored: larger values than fit are as bad as those that are not finite.
  FeatureType type = FeatureType::float32;
  /// Keeps a finished block; may be empty. Always called by the same thread, beside the others.
  std::function<void(const BlockResult&)> write = nullptr;
};

/// Where an extraction gets its blocks, and who wants to know of finished ones. All calls come from the thread that is
/// in Extraction::run(). What they throw ends the run.
class BlockFeed {
 public:
  virtual ~BlockFeed() = default;
  /// The next block, if there should be one now. Called again and again.
  virtual std::optional<BlockTask> next() = 0;
  /// A block is finished, and written.
  virtual void finished(const BlockResult& block) = 0;
  [[nodiscard]] virtual bool ended() const = 0;
  /// How long run() may wait for a finished block before it asks for the next one.
  [[nodiscard]] virtual double wait_seconds() const { return 1; }
};

/// Threads at work. Move-only. Its end waits for what they are computing.
class Extraction {
 public:
  Extraction(std::shared_ptr<const Network> network, const ExtractorSetup& setup, ExtractionJob job);
  Extraction(Extraction&&) noexcept;
  Extraction& operator=(Extraction&&) noexcept;
  ~Extraction();

  /// Computes the blocks of `feed` until it has ended. Rethrows what a thread threw.
  void run(BlockFeed& feed);

  // For feeds.
  /// True if another block is needed to keep all threads busy and batches full.
  [[nodiscard]] bool wants_more() const;
  /// Blocks handed over and not finished yet.
  [[nodiscard]] int in_flight() const;
  /// Forgets the blocks of which no picture has been decoded.
  void drop_waiting();
  [[nodiscard]] StageSeconds seconds() const;

 private:
  std::shared_ptr<const Network> network_;
  std::unique_ptr<extraction::Workers> workers_;
};

/// A network, and how pictures get into it. Immutable; copies share the network.
class Extractor {
 public:
  /// Opens the network. Not collective. Throws Error.
  Extractor(const Weights& weights, const ExtractorSetup& setup);
  /// With a network of another kind.
  Extractor(std::shared_ptr<const Network> network, const ExtractorSetup& setup)
      : network_(std::move(network)), setup_(setup) {}

  [[nodiscard]] const ExtractorSetup& setup() const { return setup_; }
  /// Features of a row.
  [[nodiscard]] std::int64_t width() const { return network_->width(); }
  /// Starts threads, which wait for blocks.
  [[nodiscard]] Extraction start(ExtractionJob job) const { return {network_, setup_, std::move(job)}; }

 private:
  std::shared_ptr<const Network> network_;
  ExtractorSetup setup_;
};

// ---- Lists and files

/// Computes the rows of these files on this rank: blocks of `block_rows`, numbered from 0. `finished` gets each as it
/// ends, in any order.
void extract_list(Extraction& extraction, std::span<const std::string> paths, int block_rows,
                  const std::function<void(const BlockResult&)>& finished);

/// What one rank did.
struct RankTally {
  std::int64_t images = 0, failed = 0, copied = 0;
  StageSeconds seconds;
  double wall_seconds = 0, cpu_seconds = 0;
};
/// Every rank's tally on the root, by rank; nothing on others. Collective.
[[nodiscard]] std::vector<RankTally> gather(const Communicator& comm, const RankTally& mine);

/// How far a file is.
struct FileProgress {
  RankTally own;                    ///< of this rank, so far
  std::int64_t done = 0;            ///< images, of all ranks and earlier runs; the root alone knows
  std::int64_t failed = 0;          ///< those of them that failed; the root alone knows
  std::span<const Failure> sample;  ///< the first failures of this rank
};

/// Called again and again while a file is being filled, by the thread that is in fill_file().
struct FileWatch {
  std::function<bool()> wants_stop = nullptr;                        ///< true on any rank stops all
  std::function<void(const FileProgress&)> show_progress = nullptr;  ///< what it throws ends the job
};

struct FileOutcome {
  FileProgress progress;
  bool stopped = false;  ///< blocks are left; the same on every rank
};

/// Images of blocks that an earlier run has written. Root only.
[[nodiscard]] std::int64_t rows_done(const FeatureWriter& writer);

/// Works off the blocks of a file with the other ranks, each handed to whoever asks first, until all are done. After a
/// stop, batches in work are finished if that takes less than some seconds; threads may be busy then. `extraction`
/// writes into `writer`. Collective.
[[nodiscard]] FileOutcome fill_file(const Communicator& comm, Extraction& extraction, FeatureWriter& writer,
                                    const FileWatch& watch);

}  // namespace pool3
